/**
 * Clauses K: private signing keys, which change with the commit whose events tell of them.
 */
import { KeyId } from "@countersign/core"
import { EventStore, type KeyChange, SigningKeys } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { makeClause, type StorageLayer } from "./Clause.ts"
import { appendOf, commitEach, commitOf, streamData, tags } from "./Fixtures.ts"

export const putKey = (id: string, wrapped: string): KeyChange => ({ _tag: "Put", keyId: KeyId.make(id), wrapped })
export const dropKey = (id: string): KeyChange => ({ _tag: "Drop", keyId: KeyId.make(id) })

export const wrappedKeys = SigningKeys.use(({ list }) => list)

export const signingKeysContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)
  const kept = Effect.map(wrappedKeys, (keys) => keys.map(({ keyId, wrapped }) => [keyId, wrapped]))

  clause(
    "K.1 a commit puts and drops private keys together with its events, and without any, in the order that it says",
    Effect.gen(function* () {
      expect(yield* kept).toEqual([])
      yield* commitEach(commitOf(appendOf("s", 0), { keys: [putKey("two", "2"), putKey("one", "1")] }))
      expect([(yield* streamData("s")).length, yield* kept]).toEqual([
        1,
        [
          ["one", "1"],
          ["two", "2"]
        ]
      ])
      const keys = [dropKey("two"), putKey("one", "1b"), dropKey("none"), putKey("three", "3"), putKey("three", "3b")]
      yield* commitEach(commitOf([], { keys: [...keys, putKey("four", "4"), dropKey("four")] }))
      expect(yield* kept).toEqual([
        ["one", "1b"],
        ["three", "3b"]
      ])
    })
  )

  clause(
    "K.2 a commit that is not written changes no key, and leaves those of the others of its batch alone",
    Effect.gen(function* () {
      const store = yield* EventStore
      const command = { id: "c", fingerprint: "f" }
      yield* commitEach(commitOf(appendOf("s", 0), { command, keys: [putKey("one", "1"), putKey("two", "2")] }))
      const keys = [dropKey("one"), putKey("two", "wrong"), putKey("three", "wrong")]
      const outcomes = yield* store.commit([
        commitOf(appendOf("a", 0), { keys: [putKey("four", "4")] }),
        commitOf(appendOf("s", 0), { keys }),
        commitOf(appendOf("s", 1), { command, keys }),
        commitOf(appendOf("s", 1), { command: { ...command, fingerprint: "g" }, keys }),
        commitOf(appendOf("s", 1), { settles: { task: "no such task", fence: 1 }, keys }),
        commitOf(appendOf("s", 1), { keys: [putKey("two", "2b")] }),
        commitOf(appendOf("s", 2), { keys: [putKey("two", "2c"), putKey("five", "5")] })
      ])
      const refused = ["Conflict", "Duplicate", "CommandIdReused", "LeaseLost"]
      expect(tags(outcomes)).toEqual(["Committed", ...refused, "Committed", "Committed"])
      expect(yield* kept).toEqual([
        ["five", "5"],
        ["four", "4"],
        ["one", "1"],
        ["two", "2c"]
      ])
    })
  )

  clause(
    "K.3 keys are listed in the order of their ids, by code point",
    Effect.gen(function* () {
      const ids = ["B", "a", "b", "é", "\uFFFF", "\u{1F600}"]
      yield* commitEach(commitOf([], { keys: ids.toReversed().map((id) => putKey(id, `of ${id}`)) }))
      expect(yield* kept).toEqual(ids.map((id) => [id, `of ${id}`]))
    })
  )
}
