/**
 * Clause D.10: random directories and questions about them, compared with the model of `DirectoryModel.ts`.
 */
import { AccountId, StoredSenderId } from "@countersign/core"
import { EventStore, SenderDirectory } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import fc from "fast-check"
import { makeClause, type StorageLayer } from "./Clause.ts"
import {
  type DirectoryProgram,
  directoryProgram,
  modelCount,
  modelCurrent,
  modelOnDomain,
  modelPage
} from "./DirectoryModel.ts"
import { appendOf, commitOf } from "./Fixtures.ts"

export const directoryModelContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "D.10 any directory answers any question as the model does, and pages agree with counts",
    Effect.gen(function* () {
      const context = yield* Effect.context<EventStore | SenderDirectory>()
      let runs = 0
      yield* Effect.promise(() =>
        fc.assert(
          // Every run is another account of the same store, so that walls between accounts are tested on the way.
          fc.asyncProperty(directoryProgram, (program) =>
            Effect.runPromiseWith(context)(compareWithModel(`run-${runs++}`, program))
          ),
          { numRuns: 60 }
        )
      )
    })
  )
}

const compareWithModel = Effect.fnUntraced(function* (name: string, { senders, removed, queries }: DirectoryProgram) {
  const directory = yield* SenderDirectory
  const store = yield* EventStore
  const account = AccountId.make(name)
  const idOf = (index: number) => StoredSenderId.make(`${name}-${index}`)
  const entries = senders.map((entry, index) => ({ ...entry, account, id: idOf(index) }))
  const outcomes = yield* store.commit(entries.map((entry) => commitOf(appendOf(entry.id, 0, { entry }), { account })))
  const listed = entries.map((entry, index) => {
    const outcome = outcomes[index]
    return { ...entry, position: outcome?._tag === "Committed" ? (outcome.appends[0]?.entryPosition ?? 0) : 0 }
  })
  const gone = new Set(removed.map((index) => idOf(index % Math.max(1, senders.length))))
  yield* store.commit(listed.filter(({ id }) => gone.has(id)).map(({ id }) => commitOf(appendOf(id, 1), { account })))
  const live = listed.filter(({ id }) => !gone.has(id))

  for (const query of queries) {
    // A place in the log is that of a sender: the log has other runs, too.
    const after = query.after === undefined ? {} : { after: listed[query.after]?.position ?? 0 }
    const asked = { ...query, account, ...after }
    const { order: _, offset: __, limit: ___, ...filter } = asked
    expect(yield* directory.page(asked)).toEqual(modelPage(live, asked))
    expect(yield* directory.count(filter)).toBe(modelCount(live, filter))
    const scope = query.owner ?? { _tag: "Account" }
    expect(Option.getOrUndefined(yield* directory.current(account, scope))).toEqual(modelCurrent(live, scope))
    const { domain = "a.example.com", position = 0 } = live[query.offset] ?? {}
    expect(yield* directory.onDomain(account, domain, position - 1, query.limit)).toEqual(
      modelOnDomain(live, domain, position - 1, query.limit)
    )
  }
})
