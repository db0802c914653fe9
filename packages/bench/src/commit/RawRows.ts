/**
 * A commit as the rows that the storage adapter makes of it, ready to be bound: the raw contender has nothing left to
 * do but to write them. The smoke test compares what both wrote, row by row.
 */
import { ownerKey, type SenderEntry, viewVersion } from "@countersign/core"
import type { Commit } from "@countersign/engine"

type Row = ReadonlyArray<string | number | null>

/**
 * The rows of one commit, by table. Where a row holds the time of its commit, that is the last column, bound when it is
 * written.
 */
export interface RawRows {
  readonly stream: Row
  readonly events: ReadonlyArray<Row>
  readonly sender: Row
  readonly metadata: ReadonlyArray<Row>
  readonly tasks: ReadonlyArray<Row>
  readonly receipt: Row
  /** What is counted: account, owner, kind and status. */
  readonly count: readonly [account: number, owner: number, kind: string, status: string]
}

/** The last numbers given in a store. */
export interface LastNumbers {
  stream: number
  position: number
  task: number
}

/** Numbers of the account and of its owner, as the adapter gave them. */
export interface Known {
  readonly account: number
  readonly owner: number
}

export const toRawRows = (commit: Commit, last: LastNumbers, known: Known): RawRows => {
  const [append] = commit.appends
  const entry = append?.entry
  if (append === undefined || entry === undefined || ownerKey(entry.owner) !== "account") {
    throw new Error("the raw contender knows only how an account adds a sender")
  }
  const stream = ++last.stream
  const position = last.position + 1
  return {
    stream: [stream, append.stream, append.events.length],
    events: append.events.map(({ type, schemaVersion, data, meta }, index) => [
      ++last.position,
      stream,
      index + 1,
      type,
      schemaVersion,
      data,
      meta
    ]),
    sender: [
      stream,
      known.account,
      known.owner,
      position,
      entry.kind,
      entry.status,
      entry.domain,
      entry.canonical,
      entry.incarnation,
      entry.addedAt,
      entry.updatedAt,
      JSON.stringify(entry.metadata),
      bodyOf(entry),
      viewVersion
    ],
    metadata: Object.entries(entry.metadata).map(([key, value]) => [
      known.account,
      key,
      typeof value === "string" ? value : JSON.stringify(value),
      position,
      stream
    ]),
    tasks: append.tasks.map(({ kind, key, due, payload }) => [
      ++last.task,
      kind,
      key ?? null,
      Math.ceil(due),
      JSON.stringify(payload)
    ]),
    receipt: [known.account, commit.command.id, commit.command.fingerprint, commit.command.result],
    count: [known.account, known.owner, entry.kind, entry.status]
  }
}

const bodyOf = ({ owner, address, mailbox, domainState, domainSince, verdicts, plan }: SenderEntry): string =>
  JSON.stringify({
    owner,
    address,
    mailbox,
    domainState,
    domainSince,
    verdicts,
    plan: { shape: plan.shape, zone: plan.zone, tokens: plan.tokens }
  })
