/**
 * The store in memory as rows, and rows as the store in memory.
 */
import type { TaskKind } from "@countersign/core"
import { budgetWindow, type StoredRow, type StoredRowOf } from "@countersign/engine"
import { receiptLifetime, taskId, taskNumber } from "@countersign/engine/storage"
import { Redacted } from "effect"
import { wrappedKeys } from "./MemorySigningKeys.ts"
import type { MemoryState, Task } from "./MemoryState.ts"

/** Every row as it is now, in the order of the port. */
export const rowsOf = (state: MemoryState, now: number): ReadonlyArray<StoredRow> => [
  {
    _tag: "Installation",
    id: state.installation.id,
    identityKey: Buffer.from(Redacted.value(state.installation.identityKey)).toString("base64url"),
    lastTask: state.tasksPut
  },
  ...[...state.accounts.values()].map((account) => ({ _tag: "Account", ...account }) as const),
  ...[...state.organizations.values()].map((organization) => ({ _tag: "Organization", ...organization }) as const),
  ...keyRows(state),
  ...state.log.map((event) => ({ _tag: "Event", ...event }) as const),
  ...[...state.tasks.values()].map(taskRow),
  ...receiptRows(state, now),
  ...mailRows(state, now),
  ...wrappedKeys(state).map((key) => ({ _tag: "SigningKey", ...key }) as const)
]

const keyRows = ({ keys, keysByHash }: MemoryState): ReadonlyArray<StoredRow> => {
  const hashes = new Map(Array.from(keysByHash, ([secretHash, id]) => [id, secretHash]))
  return [...keys.values()].map((key) => ({ _tag: "AccessKey", ...key, secretHash: hashes.get(key.id) ?? "" }))
}

const taskRow = (task: Task): StoredRow => ({
  _tag: "Task",
  number: taskNumber(task.id),
  kind: task.kind,
  state: task.state,
  due: task.due,
  attempts: task.attempts,
  payload: JSON.stringify(task.payload),
  fence: task.fence,
  ...(task.key === undefined ? {} : { key: task.key }),
  ...(task.error === undefined ? {} : { error: task.error }),
  ...(task.state === "running" ? { leasedUntil: task.leasedUntil } : {}),
  ...(task.lastRunAt === undefined ? {} : { lastRunAt: task.lastRunAt }),
  ...(task.rerunAt === undefined ? {} : { rerunAt: task.rerunAt })
})

const receiptRows = ({ receipts }: MemoryState, now: number): ReadonlyArray<StoredRow> =>
  Array.from(receipts)
    .filter(([, { at }]) => now - at < receiptLifetime)
    .map(([key, receipt]) => {
      const [account, command] = splitKey(key)
      return { _tag: "Receipt", account, command, ...receipt }
    })

const mailRows = ({ mails }: MemoryState, now: number): ReadonlyArray<StoredRow> =>
  Array.from(mails)
    .filter(([, { at }]) => at > now - budgetWindow)
    .map(([mail, granted]) => ({ _tag: "GrantedMail", mail, ...granted }))

/** The key of a receipt is two texts in JSON. */
const splitKey = (key: string): readonly [string, string] => JSON.parse(key)

/** Rows come in the order of the port. False, and nothing is put, when there is a row of the same name. */
export const putRow = (state: MemoryState, row: StoredRow): boolean => {
  switch (row._tag) {
    case "Installation":
      return putInstallation(state, row)
    case "Account":
      return add(state.accounts, row.id, { id: row.id, email: row.email, name: row.name })
    case "Organization":
      return add(state.organizations, row.id, { id: row.id, account: row.account, name: row.name })
    case "AccessKey": {
      const { _tag: _, secretHash, ...key } = row
      return !state.keys.has(row.id) && add(state.keysByHash, secretHash, row.id) && add(state.keys, row.id, key)
    }
    case "Event":
      return putEvent(state, row)
    case "Task":
      return putTaskRow(state, row)
    case "Receipt": {
      const { fingerprint, result, at } = row
      return add(state.receipts, JSON.stringify([row.account, row.command]), { fingerprint, result, at })
    }
    case "GrantedMail": {
      const { addressHash, account, at, first } = row
      return add(state.mails, row.mail, { addressHash, account, at, first })
    }
    case "SigningKey":
      return add(state.signingKeys, row.keyId, row.wrapped)
  }
}

const add = <V>(map: Map<string, V>, key: string, value: V): boolean => {
  if (map.has(key)) return false
  map.set(key, value)
  return true
}

const putInstallation = (state: MemoryState, row: StoredRowOf<"Installation">): boolean => {
  state.installation.id = row.id
  state.tasksPut = row.lastTask
  if (row.identityKey !== undefined) {
    state.installation.identityKey = Redacted.make(new Uint8Array(Buffer.from(row.identityKey, "base64url")))
  }
  return true
}

const putEvent = (state: MemoryState, { _tag: _, ...event }: StoredRowOf<"Event">): boolean => {
  const events = state.streams.get(event.stream) ?? []
  if (event.position <= state.log.length || event.version <= events.length) return false
  state.log.push(event)
  events.push(event)
  state.streams.set(event.stream, events)
  return true
}

const putTaskRow = (state: MemoryState, row: StoredRowOf<"Task">): boolean => {
  const task: Task = {
    id: taskId(row.number),
    // Written by `taskRow` from a task's own kind.
    kind: row.kind as TaskKind,
    key: row.key,
    state: row.state,
    due: row.due,
    attempts: row.attempts,
    payload: JSON.parse(row.payload),
    error: row.error,
    fence: row.fence,
    leasedUntil: row.leasedUntil ?? 0,
    lastRunAt: row.lastRunAt,
    rerunAt: row.rerunAt
  }
  if (state.tasks.has(task.id) || (task.key !== undefined && !add(state.tasksByKey, task.key, task))) return false
  return add(state.tasks, task.id, task)
}
