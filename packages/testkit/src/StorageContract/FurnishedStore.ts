/**
 * A store with something of every kind in it, for the clauses about snapshots, and its rows.
 */
import { AccountAdmin, MailBudget, Maintenance, type StoredRow, TaskQueue } from "@countersign/engine"
import { Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import { beginning, hour, minute, second } from "./Clause.ts"
import { account, appendOf, commitEach, commitOf, domainTask, entryOf, eventsOf, mailTask } from "./Fixtures.ts"
import { putKey } from "./SigningKeysContract.ts"

/** Every row of the store. */
export const snapshot = Maintenance.use((maintenance) => Stream.runCollect(maintenance.snapshot))

/** Fills the store with the rows. */
export const loadRows = (rows: ReadonlyArray<StoredRow>) =>
  Maintenance.use(({ load }) => load((store) => store.put(rows)))

/** The rows of one kind. */
export const of = <Tag extends StoredRow["_tag"]>(rows: ReadonlyArray<StoredRow>, tag: Tag) =>
  rows.filter((row): row is Extract<StoredRow, { readonly _tag: Tag }> => row._tag === tag)

/** A store with something of every kind, a second after the beginning. */
export const furnish = Effect.gen(function* () {
  const admin = yield* AccountAdmin
  const queue = yield* TaskQueue
  const budget = yield* MailBudget
  const owner = yield* admin.createAccount({ email: "ana@example.com", name: "Ana ☕" })
  const other = yield* admin.createAccount({ email: "ben@example.com", name: "Ben" })
  const organization = yield* admin.createOrganization(owner.id, "One")
  const good = yield* admin.createKey(owner.id)
  const bad = yield* admin.createKey(owner.id)
  const revoked = yield* admin.revokeKey(bad.key.id)
  yield* commitEach(
    commitOf(
      appendOf("a", 0, {
        events: eventsOf("a", 2),
        entry: entryOf("a", { metadata: { n: 1 } }),
        tasks: [mailTask(beginning, "v-1"), domainTask(beginning)]
      }),
      { command: { id: "c-1", fingerprint: "f-1", result: "first" }, keys: [putKey("k-2", "w"), putKey("k-1", "w")] }
    )
  )
  yield* TestClock.adjust(second)
  yield* commitEach(
    commitOf(appendOf("b", 0, { tasks: [mailTask(beginning, "v-2"), mailTask(beginning, "v-gone")] }), {
      account: "acc-2",
      command: { id: "c-1", fingerprint: "f-2", result: "second" }
    })
  )
  const claimed = (yield* queue.claim(["verification-mail", "probe"], 10, minute)).tasks
  for (const task of claimed) {
    const text = JSON.stringify(task.payload)
    if (text.includes("v-1")) yield* queue.bury(task, "no mailbox")
    if (text.includes("v-2")) yield* queue.retryAt(task, { due: beginning + hour, attempts: 2, error: "try again" })
    if (text.includes("v-gone")) yield* queue.complete(task)
  }
  yield* queue.put(domainTask(beginning + hour))
  yield* budget.take({ mail: "m-1", addressHash: "h-1", account })
  yield* budget.take({ mail: "m-2", addressHash: "h-1", account })
  return { owner, other, organization, good, bad, revoked }
})
