/**
 * Clauses X: every row of a store, out and into another.
 */
import { Accounts, EventStore, MailBudget, Maintenance, StoredRow, TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { beginning, day, hour, makeClause, minute, type StorageLayer, second } from "./Clause.ts"
import { account, appendOf, commitEach, commitOf, domainTask, eventsOf, mailTask, tags } from "./Fixtures.ts"
import { furnish, loadRows, of, snapshot } from "./FurnishedStore.ts"

export const snapshotContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)
  const another = Layer.build(Layer.fresh(layer))

  clause(
    "X.1 a snapshot has every row, as it was written, kind by kind",
    Effect.gen(function* () {
      const made = yield* furnish
      const rows = yield* snapshot
      const [installation, ...rest] = rows
      expect(installation).toMatchObject({ _tag: "Installation", lastTask: expect.any(Number) })
      const { data, meta } = eventsOf("a", 1)[0] ?? { data: "", meta: "" }
      expect(rest.slice(0, 5)).toEqual([
        { _tag: "Account", ...made.owner },
        { _tag: "Account", ...made.other },
        { _tag: "Organization", ...made.organization },
        { _tag: "AccessKey", ...made.good.key, secretHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { _tag: "AccessKey", ...made.revoked, secretHash: expect.stringMatching(/^[0-9a-f]{64}$/) }
      ])
      expect(of(rows, "Event")).toEqual([
        { ...eventRow, position: 1, stream: "a", version: 1, data, meta, recordedAt: beginning },
        expect.objectContaining({ position: 2, stream: "a", version: 2, recordedAt: beginning }),
        expect.objectContaining({ position: 3, stream: "b", version: 1, recordedAt: beginning + second })
      ])
      expect(of(rows, "Receipt")).toEqual([
        { _tag: "Receipt", account, command: "c-1", fingerprint: "f-1", result: "first", at: beginning },
        {
          _tag: "Receipt",
          account: "acc-2",
          command: "c-1",
          fingerprint: "f-2",
          result: "second",
          at: beginning + second
        }
      ])
      expect(of(rows, "Task").map(({ number: _, ...task }) => task)).toEqual([
        {
          _tag: "Task",
          kind: "verification-mail",
          state: "buried",
          due: beginning,
          attempts: 0,
          payload: JSON.stringify(mailTask(0, "v-1").payload),
          error: "no mailbox",
          fence: 1,
          lastRunAt: beginning + second
        },
        {
          _tag: "Task",
          kind: "probe",
          key: domainTask(0).key,
          state: "running",
          due: beginning,
          attempts: 0,
          payload: JSON.stringify(domainTask(0).payload),
          fence: 1,
          leasedUntil: beginning + second + minute,
          lastRunAt: beginning + second,
          rerunAt: beginning + hour
        },
        {
          _tag: "Task",
          kind: "verification-mail",
          state: "waiting",
          due: beginning + hour,
          attempts: 2,
          payload: JSON.stringify(mailTask(0, "v-2").payload),
          error: "try again",
          fence: 1,
          lastRunAt: beginning + second
        }
      ])
      const granted = { _tag: "GrantedMail", account, at: beginning + second } as const
      expect(of(rows, "GrantedMail")).toEqual([
        { ...granted, mail: "m-1", addressHash: "h-1", first: true },
        { ...granted, mail: "m-2", addressHash: "h-1", first: false }
      ])
      const key = { _tag: "SigningKey", wrapped: "w" } as const
      expect(of(rows, "SigningKey")).toEqual([
        { ...key, keyId: "k-1" },
        { ...key, keyId: "k-2" }
      ])
      expect([...new Set(rows.map(({ _tag }) => _tag))]).toEqual(
        StoredRow.members.map(({ fields }) => fields._tag.schema.literal)
      )
    })
  )

  clause(
    "X.2 the same store answers the same rows again, and so does one that was loaded with them",
    Effect.gen(function* () {
      yield* furnish
      const rows = yield* snapshot
      expect(yield* snapshot).toEqual(rows)
      const other = yield* another
      yield* Effect.provideContext(loadRows(rows), other)
      expect(yield* Effect.provideContext(snapshot, other)).toEqual(rows)
    })
  )

  clause(
    "X.3 what no longer answers or counts is not in a snapshot",
    Effect.gen(function* () {
      yield* furnish
      yield* TestClock.setTime(beginning + day)
      // The first receipt is a day old, the second is a second younger; mails alike.
      expect(of(yield* snapshot, "Receipt").map(({ fingerprint }) => fingerprint)).toEqual(["f-2"])
      yield* TestClock.adjust(second)
      const rows = yield* snapshot
      expect([of(rows, "Receipt"), of(rows, "GrantedMail")]).toEqual([[], []])
      expect(of(rows, "Event").length).toBe(3)
    })
  )

  clause(
    "X.4 a loaded store goes on where the other was",
    Effect.gen(function* () {
      const made = yield* furnish
      const rows = yield* snapshot
      const lastTask = of(rows, "Installation")[0]?.lastTask ?? 0
      expect(lastTask).toBeGreaterThanOrEqual(Math.max(...of(rows, "Task").map(({ number }) => number)))
      yield* Effect.gen(function* () {
        yield* loadRows(rows)
        const store = yield* EventStore
        const queue = yield* TaskQueue
        const command = { id: "c-1", fingerprint: "f-1", result: "again" }
        const outcomes = yield* commitEach(
          commitOf([], { command }),
          commitOf(appendOf("b", 0)),
          commitOf(appendOf("b", 1)),
          commitOf(appendOf("c", 0, { tasks: [mailTask(beginning, "v-3")] }))
        )
        expect(tags(outcomes)).toEqual(["Duplicate", "Conflict", "Committed", "Committed"])
        expect(outcomes[0]).toEqual({ _tag: "Duplicate", result: "first" })
        const { events } = yield* store.readLog(3, 10)
        expect(events.map(({ position, stream, version }) => [position, stream, version])).toEqual([
          [4, "b", 2],
          [5, "c", 1]
        ])
        expect((yield* store.readStream("a", 0, 10)).events.length).toBe(2)
        const newest = of(yield* snapshot, "Task").at(-1)
        expect(newest?.number).toBeGreaterThan(lastTask)
        // The lease runs on, and then another may have the task, whose key was put during the run.
        expect((yield* queue.claim(["probe"], 1, minute)).nextDue).toBe(beginning + second + minute)
        yield* TestClock.adjust(minute)
        const [taken] = (yield* queue.claim(["probe"], 1, minute)).tasks
        expect(taken).toMatchObject({ fence: 2, attempts: 1, lastRunAt: beginning + second })
        yield* queue.complete(taken ?? { task: "", fence: 0 })
        expect((yield* queue.claim(["probe"], 1, minute)).nextDue).toBe(beginning + hour)
        const accounts = yield* Accounts
        expect(Option.getOrUndefined(yield* accounts.authenticate(made.good.secret))?.account).toEqual(made.owner)
        expect(Option.isNone(yield* accounts.authenticate(made.bad.secret))).toBe(true)
        const budget = yield* MailBudget
        // One of the two mails that were loaded was the account's first of the day; the other counts.
        const take = (mail: string) => budget.take({ mail, addressHash: "h-1", account })
        for (const mail of ["m-2", "m-3", "m-4", "m-5", "m-6"]) expect(yield* take(mail)).toEqual({ _tag: "Granted" })
        expect((yield* take("m-7"))._tag).toBe("NotBefore")
      }).pipe(Effect.provideContext(yield* another))
    })
  )

  clause(
    "X.9 a snapshot is of one moment: what is committed while it is read is not in it",
    Effect.gen(function* () {
      const streams = Array.from({ length: 1_200 }, (_, index) => `s-${index}`)
      const store = yield* EventStore
      yield* store.commit(
        streams.map((stream) => commitOf(appendOf(stream, 0, { tasks: [mailTask(beginning, stream)] })))
      )
      let commits = 0
      const rows = yield* Maintenance.use(({ snapshot }) =>
        Stream.runCollect(
          Stream.mapArrayEffect(snapshot, (page) =>
            Effect.gen(function* () {
              commits += 1
              yield* commitEach(commitOf(appendOf(`later-${commits}`, 0, { tasks: [mailTask(beginning, "later")] })))
              return page
            })
          )
        )
      )
      expect(commits).toBeGreaterThan(0)
      expect(of(rows, "Event").map(({ stream }) => stream)).toEqual(streams)
      expect([of(rows, "Task").length, of(rows, "Receipt").length]).toEqual([1_200, 1_200])
    })
  )
}

const eventRow = { _tag: "Event", type: "SenderRemoved", schemaVersion: 1 } as const
