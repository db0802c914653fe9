import { accountOwner } from "@countersign/core"
import { Senders, Writer } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { commitOf, eventOf, storedIn } from "./Commits.ts"
import { createAccount, engine } from "./World.ts"

const writer = Writer.layer.pipe(Layer.provideMerge(MemoryStorage.layer))
const command = { id: "c", fingerprint: "f", result: "{}" }

describe("the writer refuses before it queues", () => {
  it.effect.each([
    ["NUL in an event", commitOf("s", { event: eventOf(JSON.stringify({ reason: "a\0b" })) })],
    ["a lone high surrogate in an event", commitOf("s", { event: eventOf(JSON.stringify({ reason: "\ud800" })) })],
    ["a lone low surrogate in an event", commitOf("s", { event: eventOf(JSON.stringify({ reason: "\udfff!" })) })],
    ["NUL in the key of an object", commitOf("s", { event: eventOf(JSON.stringify({ "a\0": 1 })) })],
    ["NUL after a backslash", commitOf("s", { event: eventOf(JSON.stringify({ reason: "\\\0" })) })],
    ["NUL in the metadata of an event", commitOf("s", { event: eventOf("{}", JSON.stringify({ actor: "\0" })) })],
    ["NUL in a result", commitOf("s", { command: { ...command, result: JSON.stringify("\0") } })],
    ["NUL in a command's id", commitOf("s", { command: { ...command, id: "a\0b" } })],
    ["a lone surrogate in a fingerprint", commitOf("s", { command: { ...command, fingerprint: "\udc00" } })],
    ["NUL in the account", commitOf("s", { account: "a\0" })],
    ["an event that is too large", commitOf("s", { event: eventOf(JSON.stringify("x".repeat(256 * 1_024))) })]
  ] as const)("%s", ([, commit]) =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      const refused = yield* Effect.flip(submit(commit))
      assert.strictEqual(refused._tag, "InvalidData")
      assert.deepStrictEqual(yield* storedIn(), [])
    }).pipe(Effect.provide(writer))
  )

  it.effect("nothing that only looks like it", () =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      const harmless = ["\\u0000", "\\\\u0000", "\\ud800", "\u{1f600}", "\u0001", "C:\\users\\u0000", "u0000", "\ufffd"]
      for (const [index, reason] of harmless.entries()) {
        const event = eventOf(JSON.stringify({ reason }))
        assert.strictEqual((yield* submit(commitOf(`s${index}`, { event })))._tag, "Committed", JSON.stringify(reason))
      }
    }).pipe(Effect.provide(writer))
  )

  it.effect("exactly the texts that hold NUL or a lone surrogate", () =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      const piece = fc.constantFrom("\\", "\\\\", "u0000", "\0", "\ud83d", "\ude00", "\u{1f600}", "ud800", '"', "a")
      const texts = fc.sample(fc.array(piece, { maxLength: 8 }), { numRuns: 1_000, seed: 31 })
      for (const [index, pieces] of texts.entries()) {
        const reason = pieces.join("")
        const storable = reason.isWellFormed() && !reason.includes("\0")
        const outcome = yield* Effect.result(
          submit(commitOf(`s${index}`, { event: eventOf(JSON.stringify({ reason })) }))
        )
        assert.strictEqual(outcome._tag, storable ? "Success" : "Failure", JSON.stringify(reason))
      }
    }).pipe(Effect.provide(writer))
  )

  it.effect("metadata of a sender that no store can keep: nothing is added", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const metadata = { note: "a\0b" }
      const refused = yield* Effect.flip(
        senders.add({ ...caller, owner: accountOwner, address: "a@acme.com", metadata })
      )
      assert.strictEqual(refused._tag, "InvalidData")
      assert.strictEqual(yield* senders.count({ account: caller.account }), 0)
    }).pipe(Effect.provide(engine))
  )
})
