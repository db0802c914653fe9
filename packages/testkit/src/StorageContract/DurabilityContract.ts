/**
 * Clauses 4 and 6 that need one store opened more than once: what was acknowledged is there after a reopening, and
 * several openings at a time are one storage. What a kill or a power cut does is for the adapter's own tests.
 */
import {
  AccountAdmin,
  Accounts,
  EventStore,
  Installation,
  MailBudget,
  SenderDirectory,
  TaskQueue
} from "@countersign/engine"
import { expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { beginning, hour, type StorageLayer, type StorageOptions, type StoragePorts, second } from "./Clause.ts"
import { account, appendOf, commitEach, commitOf, domainTask, entryOf, eventsOf, mailTask, tags } from "./Fixtures.ts"
import { dropKey, keptKeys, putKey } from "./SigningKeysContract.ts"

type Use<A> = Effect.Effect<A, unknown, StoragePorts | Scope.Scope>

export const durabilityContract = ({ reopen }: StorageOptions): void => {
  if (reopen === undefined) return

  const clause = (title: string, body: (store: StorageLayer) => Effect.Effect<void, unknown, Scope.Scope>) =>
    it.effect(title, () => TestClock.setTime(beginning).pipe(Effect.andThen(reopen), Effect.flatMap(body)), 120_000)
  /** Opens the store for one use and closes it. */
  const once =
    (store: StorageLayer) =>
    <A>(use: Use<A>): Effect.Effect<A, unknown, Scope.Scope> =>
      Effect.provide(use, Layer.fresh(store))
  /** Opens the store and leaves it open for the whole clause. */
  const open = (store: StorageLayer) => Layer.build(Layer.fresh(store))

  clause("4.1 a reopened store has the same log, directory, receipts and signing keys", (store) =>
    Effect.gen(function* () {
      const command = { id: "c", fingerprint: "f", result: "first" }
      const read = Effect.gen(function* () {
        const events = yield* EventStore.use((port) => port.readLog(0, 100))
        const stream = yield* EventStore.use((port) => port.readStream("a", 1, 100))
        const page = SenderDirectory.use((port) => port.page({ account, order: "oldest-first", offset: 0, limit: 10 }))
        return { events, stream, senders: yield* page, keys: yield* keptKeys }
      })
      const before = yield* once(store)(
        Effect.gen(function* () {
          yield* commitEach(
            commitOf(appendOf("a", 0, { events: eventsOf("a", 3), entry: entryOf("a", { metadata: { n: 1 } }) })),
            commitOf(appendOf("b", 0, { entry: entryOf("b") }), { command, keys: [putKey("k", "w")] }),
            commitOf(appendOf("a", 3, { entry: entryOf("a", { status: "active", metadata: { n: 1 } }) }))
          )
          return yield* read
        })
      )
      expect([before.events.events.length, before.keys]).toEqual([5, ["k: w"]])
      expect(yield* once(store)(read)).toEqual(before)
      const outcomes = yield* once(store)(
        commitEach(commitOf(appendOf("b", 0), { command }), commitOf(appendOf("a", 3)), commitOf(appendOf("a", 4)))
      )
      expect(tags(outcomes)).toEqual(["Duplicate", "Conflict", "Committed"])
    })
  )

  clause("4.2 a reopened store goes on with the next position, and not back in time", (store) =>
    Effect.gen(function* () {
      yield* once(store)(commitEach(commitOf(appendOf("a", 0))))
      yield* TestClock.setTime(beginning - hour)
      yield* once(store)(commitEach(commitOf(appendOf("b", 0))))
      const { events } = yield* once(store)(EventStore.use((port) => port.readLog(0, 10)))
      expect(events.map(({ position, recordedAt }) => [position, recordedAt])).toEqual([
        [1, beginning],
        [2, beginning]
      ])
    })
  )

  clause("4.3 tasks, leases and fences survive a reopening, and a put during the run with them", (store) =>
    Effect.gen(function* () {
      const lease = 15 * second
      const first = yield* once(store)(
        Effect.gen(function* () {
          const queue = yield* TaskQueue
          yield* queue.put(domainTask(beginning))
          yield* queue.put(mailTask(beginning + hour))
          const { tasks } = yield* queue.claim(["probe"], 1, lease)
          yield* queue.put(domainTask(beginning + hour))
          return tasks[0] ?? (yield* Effect.die("the task that was put is not claimed"))
        })
      )
      yield* once(store)(
        Effect.gen(function* () {
          const queue = yield* TaskQueue
          expect((yield* queue.claim(["probe"], 1, lease)).nextDue).toBe(beginning + lease)
          yield* queue.renew(first, lease)
          yield* TestClock.adjust(lease)
          const [taken] = (yield* queue.claim(["probe"], 1, lease)).tasks
          expect(taken).toMatchObject({ task: first.task, attempts: 1, lastRunAt: beginning })
          expect((yield* Effect.flip(queue.complete(first)))._tag).toBe("LeaseLost")
          yield* queue.complete(taken ?? first)
        })
      )
      const tasks = yield* once(store)(TaskQueue.use((queue) => queue.list({ limit: 10 })))
      expect(tasks.map(({ kind, due }) => [kind, due]).sort()).toEqual([
        ["probe", beginning + hour],
        ["verification-mail", beginning + hour]
      ])
    })
  )

  clause("4.4 ids of tasks are not used again after a reopening", (store) =>
    Effect.gen(function* () {
      const putOne = Effect.gen(function* () {
        const queue = yield* TaskQueue
        yield* queue.put(mailTask(beginning))
        const [task] = yield* queue.list({ limit: 1 })
        yield* queue.drop(task?.id ?? "")
        return task?.id
      })
      // A worker's command id is made of the task's id: one that came again would meet the old receipt.
      const ids = [yield* once(store)(putOne), yield* once(store)(putOne), yield* once(store)(putOne)]
      expect(new Set(ids).size).toBe(3)
    })
  )

  clause("4.5 mails that were granted stay counted after a reopening", (store) =>
    Effect.gen(function* () {
      const take = (mail: string) =>
        once(store)(MailBudget.use((budget) => budget.take({ mail, addressHash: "h", account })))
      for (const mail of ["0", "1", "2", "3", "4", "5"]) expect((yield* take(mail))._tag).toBe("Granted")
      expect((yield* take("6"))._tag).toBe("NotBefore")
      expect((yield* take("5"))._tag).toBe("Granted")
    })
  )

  clause("4.6 accounts and keys survive a reopening, and the installation never changes", (store) =>
    Effect.gen(function* () {
      const identity = Effect.map(Installation, ({ id, identityKey }) => [id, ...Redacted.value(identityKey)])
      const made = yield* once(store)(
        Effect.gen(function* () {
          const admin = yield* AccountAdmin
          const owner = yield* admin.createAccount({ email: "ana@example.com", name: "Ana" })
          const organization = yield* admin.createOrganization(owner.id, "One")
          const good = yield* admin.createKey(owner.id)
          const bad = yield* admin.createKey(owner.id)
          yield* admin.revokeKey(bad.key.id)
          return { owner, organization, good, bad, identity: yield* identity }
        })
      )
      yield* once(store)(
        Effect.gen(function* () {
          const accounts = yield* Accounts
          expect(Option.getOrUndefined(yield* accounts.authenticate(made.good.secret))?.account).toEqual(made.owner)
          expect(Option.isNone(yield* accounts.authenticate(made.bad.secret))).toBe(true)
          expect(Option.getOrUndefined(yield* accounts.organization(made.owner.id, made.organization.id))).toEqual(
            made.organization
          )
          expect(yield* identity).toEqual(made.identity)
        })
      )
    })
  )

  clause("6.2 two openings of one store are one storage: what one wrote the other reads at once", (store) =>
    Effect.gen(function* () {
      const [one, two] = [yield* open(store), yield* open(store)]
      const command = { id: "c" }
      yield* Context.get(one, EventStore).commit([commitOf(appendOf("s", 0, { entry: entryOf("s") }), { command })])
      expect((yield* Context.get(two, EventStore).readStream("s", 0, 10)).events.length).toBe(1)
      expect(yield* Context.get(two, EventStore).head).toBe(1)
      expect(Option.isSome(yield* Context.get(two, EventStore).receipt(account, command.id))).toBe(true)
      expect(Option.isSome(yield* Context.get(two, SenderDirectory).find(account, "s"))).toBe(true)
      const [conflict] = yield* Context.get(two, EventStore).commit([commitOf(appendOf("s", 0))])
      expect(conflict?._tag).toBe("Conflict")
      yield* Context.get(two, TaskQueue).put(domainTask(beginning))
      yield* Context.get(one, TaskQueue).put(domainTask(beginning))
      expect((yield* Context.get(one, TaskQueue).claim(["probe"], 10, second)).tasks.length).toBe(1)
      expect((yield* Context.get(two, TaskQueue).claim(["probe"], 10, second)).tasks.length).toBe(0)
      const created = yield* Context.get(one, AccountAdmin).createAccount({ email: "ana@example.com", name: "Ana" })
      const { secret } = yield* Context.get(one, AccountAdmin).createKey(created.id)
      expect(Option.isSome(yield* Context.get(two, Accounts).authenticate(secret))).toBe(true)
    })
  )

  clause("6.3 of racing creates through two openings one wins, and positions stay contiguous", (store) =>
    Effect.gen(function* () {
      const openings = [yield* open(store), yield* open(store)]
      const races = Array.from({ length: 40 }, (_, index) => index).flatMap((index) =>
        openings.map((opening) =>
          Context.get(opening, EventStore).commit([commitOf(appendOf(`s-${index}`, 0, { events: eventsOf("s", 2) }))])
        )
      )
      const outcomes = (yield* Effect.all(races, { concurrency: "unbounded" })).flat()
      expect(outcomes.filter(({ _tag }) => _tag === "Committed").length).toBe(40)
      expect(outcomes.filter(({ _tag }) => _tag === "Conflict").length).toBe(40)
      for (const opening of openings) {
        const { events } = yield* Context.get(opening, EventStore).readLog(0, 1_000)
        expect(events.map(({ position }) => position)).toEqual(Array.from({ length: 80 }, (_, index) => index + 1))
      }
    })
  )

  clause("6.4 of racing claims through two openings each task goes to one", (store) =>
    Effect.gen(function* () {
      const openings = [yield* open(store), yield* open(store)]
      const tasks = Array.from({ length: 60 }, (_, index) => mailTask(beginning, `v-${index}`))
      yield* once(store)(commitEach(commitOf(appendOf("s", 0, { tasks }))))
      const claims = yield* Effect.all(
        Array.from({ length: 15 }).flatMap(() =>
          openings.map((opening) => Context.get(opening, TaskQueue).claim(["verification-mail"], 3, hour))
        ),
        { concurrency: "unbounded" }
      )
      const claimed = claims.flatMap((claim) => claim.tasks.map(({ task }) => task))
      expect([claimed.length, new Set(claimed).size]).toEqual([60, 60])
    })
  )

  clause("6.5 the mail budget is one over two openings", (store) =>
    Effect.gen(function* () {
      const openings = [yield* open(store), yield* open(store)]
      const takes = Array.from({ length: 10 }, (_, index) => index).flatMap((index) =>
        openings.map((opening, which) =>
          Context.get(opening, MailBudget).take({ mail: `${which}-${index}`, addressHash: "h", account })
        )
      )
      const budgets = yield* Effect.all(takes, { concurrency: "unbounded" })
      expect(budgets.filter(({ _tag }) => _tag === "Granted").length).toBe(6)
    })
  )

  clause("6.6 of racing changes of a private key through two openings the last in the log counts", (store) =>
    Effect.gen(function* () {
      const openings = [yield* open(store), yield* open(store)]
      const changes = [[putKey("key", "1")], [dropKey("key")]]
      for (let index = 0; index < 20; index++) {
        const commits = openings.map((opening, which) =>
          Context.get(opening, EventStore).commit([
            commitOf(appendOf(`${which}`, index), { keys: changes[which] ?? [] })
          ])
        )
        yield* Effect.all(commits, { concurrency: "unbounded" })
        const { events } = yield* once(store)(EventStore.use((port) => port.readLog(2 * index, 2)))
        expect((yield* once(store)(keptKeys)).length).toBe(events.at(-1)?.stream === "0" ? 1 : 0)
      }
    })
  )
}
