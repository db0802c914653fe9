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

/** What is kept, in the order in which it is listed. */
export const keptKeys = SigningKeys.use(({ list }) =>
  Effect.map(list, (keys) => keys.map(({ keyId, wrapped }) => `${keyId}: ${wrapped}`))
)

export const signingKeysContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "K.1 a commit puts and drops private keys, with its events or without any, in the order that it says",
    Effect.gen(function* () {
      expect(yield* keptKeys).toEqual([])
      yield* commitEach(commitOf(appendOf("s", 0), { keys: [putKey("two", "2"), putKey("one", "1")] }))
      expect([(yield* streamData("s")).length, yield* keptKeys]).toEqual([1, ["one: 1", "two: 2"]])
      const keys = [dropKey("two"), putKey("one", "1b"), dropKey("none"), putKey("x", "3"), putKey("x", "3b")]
      yield* commitEach(commitOf([], { keys: [...keys, putKey("four", "4"), dropKey("four")] }))
      // In the order of the code points of their ids.
      yield* commitEach(commitOf([], { keys: ["\u{1F600}", "\uFFFF", "é", "Z"].map((id) => putKey(id, "w")) }))
      expect(yield* keptKeys).toEqual(["Z: w", "one: 1b", "x: 3b", "é: w", "\uFFFF: w", "\u{1F600}: w"])
    })
  )

  clause(
    "K.2 a commit that is not written changes no key, and leaves those of the others of its batch alone",
    Effect.gen(function* () {
      const command = { id: "c", fingerprint: "f" }
      yield* commitEach(commitOf(appendOf("s", 0), { command, keys: [putKey("one", "1"), putKey("two", "2")] }))
      const keys = [dropKey("one"), putKey("two", "wrong"), putKey("three", "wrong")]
      const batch = [
        commitOf(appendOf("a", 0), { keys: [putKey("four", "4")] }),
        commitOf(appendOf("s", 0), { keys }),
        commitOf(appendOf("s", 1), { command, keys }),
        commitOf(appendOf("s", 1), { command: { ...command, fingerprint: "g" }, keys }),
        commitOf(appendOf("s", 1), { settles: { task: "no such task", fence: 1 }, keys }),
        commitOf(appendOf("s", 1), { keys: [putKey("two", "2b")] }),
        commitOf(appendOf("s", 2), { keys: [putKey("two", "2c"), putKey("five", "5")] })
      ]
      const refused = ["Conflict", "Duplicate", "CommandIdReused", "LeaseLost"]
      const outcomes = yield* EventStore.use((store) => store.commit(batch))
      expect(tags(outcomes)).toEqual(["Committed", ...refused, "Committed", "Committed"])
      expect(yield* keptKeys).toEqual(["five: 5", "four: 4", "one: 1", "two: 2c"])
    })
  )
}
