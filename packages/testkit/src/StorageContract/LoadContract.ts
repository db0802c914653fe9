/**
 * Clauses X, the second half: what a load may fill, and who sees it when.
 */
import { AccountAdmin, EventStore, MailBudget, Maintenance, type StoredRow, TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { beginning, makeClause, type StorageLayer, type StoragePorts } from "./Clause.ts"
import { account, appendOf, commitEach, commitOf, mailTask, tags } from "./Fixtures.ts"
import { furnish, loadRows, of, snapshot } from "./FurnishedStore.ts"

export const loadContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)
  const another = Layer.build(Layer.fresh(layer))

  clause(
    "X.5 a store that holds anything is not loaded, and stays as it was",
    Effect.gen(function* () {
      yield* furnish
      const rows = yield* snapshot
      const fillers: ReadonlyArray<Effect.Effect<unknown, unknown, StoragePorts>> = [
        commitEach(commitOf(appendOf("x", 0))),
        commitEach(commitOf([])),
        AccountAdmin.use((admin) => admin.createAccount({ email: "x@example.com", name: "X" })),
        TaskQueue.use((queue) => queue.put(mailTask(beginning))),
        MailBudget.use((budget) => budget.take({ mail: "x", addressHash: "x", account }))
      ]
      for (const filler of fillers) {
        yield* Effect.gen(function* () {
          yield* filler
          const before = yield* snapshot
          expect(yield* Effect.flip(loadRows(rows))).toMatchObject({ _tag: "StoreNotEmpty" })
          expect(yield* snapshot).toEqual(before)
        }).pipe(Effect.provideContext(yield* another))
      }
    })
  )

  clause(
    "X.6 a load is seen as a whole or not at all: not before it is done, nor when it failed or was stopped",
    Effect.gen(function* () {
      yield* furnish
      const rows = yield* snapshot
      yield* Effect.gen(function* () {
        const { load } = yield* Maintenance
        const empty = yield* snapshot
        const fails = load((store) => Effect.andThen(store.put(rows), Effect.fail("altered")))
        expect(yield* Effect.flip(fails)).toBe("altered")
        expect(yield* snapshot).toEqual(empty)
        const twice = load((store) => Effect.andThen(store.put(rows), store.put(rows.slice(1, 2))))
        expect(yield* Effect.flip(twice)).toMatchObject({ _tag: "StorageUnavailable" })
        expect(yield* snapshot).toEqual(empty)
        const unminded = load((store) => Effect.andThen(store.put(rows), Effect.ignore(store.put(rows.slice(-1)))))
        expect(yield* Effect.flip(unminded)).toMatchObject({ _tag: "StorageUnavailable" })
        expect(yield* snapshot).toEqual(empty)
        const arrived = yield* Deferred.make<void>()
        const stopped = yield* Effect.forkChild(
          load((store) =>
            store.put(rows).pipe(Effect.andThen(Deferred.succeed(arrived, undefined)), Effect.andThen(Effect.never))
          )
        )
        yield* Deferred.await(arrived)
        expect(yield* snapshot).toEqual(empty)
        expect((yield* EventStore.use((store) => store.readLog(0, 10))).events).toEqual([])
        yield* Fiber.interrupt(stopped)
        expect(yield* snapshot).toEqual(empty)
        yield* loadRows(rows)
        expect(yield* snapshot).toEqual(rows)
      }).pipe(Effect.provideContext(yield* another))
    })
  )

  clause(
    "X.10 of a load and a commit at the same time neither is lost: the load is refused, or the commit comes after it",
    Effect.gen(function* () {
      yield* furnish
      const rows = yield* snapshot
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        const { load } = yield* Maintenance
        const arrived = yield* Deferred.make<void>()
        const mayEnd = yield* Deferred.make<void>()
        const loading = yield* Effect.forkChild(
          load(({ put }) =>
            put(rows).pipe(Effect.andThen(Deferred.succeed(arrived, undefined)), Effect.andThen(Deferred.await(mayEnd)))
          )
        )
        yield* Deferred.await(arrived)
        const committing = yield* Effect.forkChild(store.commit([commitOf(appendOf("x", 0))]), {
          startImmediately: true
        })
        yield* Deferred.succeed(mayEnd, undefined)
        const loaded = yield* Fiber.await(loading)
        expect(tags(yield* Fiber.join(committing))).toEqual(["Committed"])
        if (Exit.isFailure(loaded)) expect(Cause.squash(loaded.cause)).toMatchObject({ _tag: "StoreNotEmpty" })
        const { events } = yield* store.readLog(0, 10)
        expect(events.map(({ position, stream }) => [position, stream])).toEqual(
          Exit.isFailure(loaded)
            ? [[1, "x"]]
            : [
                [1, "a"],
                [2, "a"],
                [3, "b"],
                [4, "x"]
              ]
        )
      }).pipe(Effect.provideContext(yield* another))
    })
  )

  clause(
    "X.7 a store that is being loaded is read and put right like any other",
    Effect.gen(function* () {
      yield* furnish
      const rows = yield* snapshot
      const before = yield* Maintenance.use(({ streams }) => streams("", 10))
      yield* Effect.gen(function* () {
        const { load, streams } = yield* Maintenance
        yield* load((store) =>
          Effect.gen(function* () {
            yield* store.put(rows)
            expect((yield* store.readLog(1, 10)).events.map(({ position }) => position)).toEqual([2, 3])
            expect((yield* store.readStream("a", 1, 10)).events.map(({ version }) => version)).toEqual([2])
            const loaded = yield* store.streams("", 10)
            expect(loaded.map(({ stream, version, entry }) => [stream, version, entry])).toEqual([
              ["a", 2, undefined],
              ["b", 1, undefined]
            ])
            expect(yield* store.correct(before)).toEqual(["Written", "Written"])
            expect(yield* store.streams("", 10)).toEqual(before)
            expect((yield* store.audit(undefined, { repair: true })).faults).toEqual([])
          })
        )
        expect(yield* streams("", 10)).toEqual(before)
      }).pipe(Effect.provideContext(yield* another))
    })
  )

  clause(
    "X.8 without its key an installation's row leaves the key that the store was made with",
    Effect.gen(function* () {
      yield* furnish
      const rows = yield* snapshot
      const keyless = rows.map((row): StoredRow => {
        if (row._tag !== "Installation") return row
        const { identityKey: _, ...rest } = row
        return rest
      })
      const other = yield* another
      const own = of(yield* Effect.provideContext(snapshot, other), "Installation")[0]
      yield* Effect.provideContext(loadRows(keyless), other)
      const loaded = of(yield* Effect.provideContext(snapshot, other), "Installation")[0]
      expect(loaded?.identityKey).toBe(own?.identityKey)
      expect(loaded?.identityKey).not.toBe(of(rows, "Installation")[0]?.identityKey)
      expect(loaded?.id).toBe(of(rows, "Installation")[0]?.id)
    })
  )
}
