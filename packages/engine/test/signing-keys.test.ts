import { createHash } from "node:crypto"
import { KeyId, keyRingDecider, keyRingId } from "@countersign/core"
import { EventStore, exportLines, importStore, SigningKeys, verify } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { ringCommit } from "@countersign/testkit/sample-commit"
import { expect, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"

const wrapped = "wrapped-private-key"
const keyId = KeyId.make("key-1")

const problems = Effect.gen(function* () {
  const found: Array<string> = []
  yield* verify((problem) => Effect.sync(() => void found.push(problem)))
  return found
})

const change = (id: string, more: Partial<ReturnType<typeof ringCommit>>) =>
  EventStore.use((store) =>
    store.commit([{ ...ringCommit("", ""), command: { id, fingerprint: "", result: "" }, appends: [], ...more }])
  )

it.effect("verify finds a key of the ring without its private key, and a private key that no slot has", () =>
  Effect.gen(function* () {
    yield* EventStore.use((store) => store.commit([ringCommit("key-1", wrapped)]))
    expect(yield* problems).toEqual([])
    yield* change("loses one", { keys: [{ _tag: "Drop", keyId }] })
    expect(yield* problems).toEqual(["the private key of slot 1, key-1, is missing"])
    yield* change("keeps another", { keys: [{ _tag: "Put", keyId: KeyId.make("key-2"), wrapped }] })
    expect(yield* problems).toEqual([
      "the private key of slot 1, key-1, is missing",
      "there is a private key key-2, which no slot has"
    ])
  }).pipe(Effect.provide(MemoryStorage.layer))
)

it.effect("verify raises no alarm while a key is made and retired", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const { list } = yield* SigningKeys
    const retired = keyRingDecider.codec.encode({ _tag: "KeyRetired", at: 2, slot: 1, keyId })
    const events = [{ ...retired, meta: "{}" }]
    const meanwhile = [
      store.commit([ringCommit("key-1", wrapped)]),
      change("retires", {
        appends: [{ stream: keyRingId, expected: 1, events, entry: undefined, tasks: [] }],
        keys: [{ _tag: "Drop", keyId }]
      })
    ]
    const raced = SigningKeys.of({
      list: Effect.suspend(() =>
        Effect.andThen(Effect.orDie(Effect.provideService(meanwhile.shift() ?? Effect.void, EventStore, store)), list)
      )
    })
    expect(yield* Effect.provideService(problems, SigningKeys, raced)).toEqual([])
    expect([meanwhile.length, yield* list]).toEqual([0, []])
  }).pipe(Effect.provide(MemoryStorage.layer))
)

it.effect("an export has private keys only when asked, and a store without them says which are missing", () =>
  Effect.gen(function* () {
    yield* EventStore.use((store) => store.commit([ringCommit("key-1", wrapped)]))
    const exported = (withSigningKeys: boolean) => Stream.mkString(exportLines({ withKey: true, withSigningKeys }))
    const imported = (text: string) =>
      importStore(Stream.make(new TextEncoder().encode(text)), { newIdentityKey: false }).pipe(
        Effect.andThen(problems),
        Effect.provide(Layer.fresh(MemoryStorage.layer))
      )
    const [without, whole] = [yield* exported(false), yield* exported(true)]
    expect(without).toContain("KeyGenerated")
    expect(without).not.toMatch(new RegExp(`${wrapped}|"SigningKey"`))
    expect(whole).toContain(`{"_tag":"SigningKey","keyId":"key-1","wrapped":"${wrapped}"}\n`)
    expect(yield* imported(without)).toEqual(["the private key of slot 1, key-1, is missing"])
    expect(yield* imported(whole)).toEqual([])
  }).pipe(Effect.provide(MemoryStorage.layer))
)

it.effect("no message about a row of a private key repeats it", () =>
  Effect.gen(function* () {
    const whole = yield* Stream.mkString(exportLines({ withKey: true, withSigningKeys: true }))
    const [header, installation] = whole.split("\n")
    for (const row of [{ _tag: "SigningKey", keyId: 1, wrapped }, { _tag: "Other", wrapped }, { wrapped: [wrapped] }]) {
      const lines = [header, installation, JSON.stringify(row), ""].join("\n")
      const sha256 = createHash("sha256").update(lines).digest("hex")
      const file = Stream.make(new TextEncoder().encode(`${lines}${JSON.stringify({ rows: 2, sha256 })}\n`))
      const refused = yield* Effect.flip(importStore(file, { newIdentityKey: false }))
      expect(refused.message).toContain("line 3 is no row")
      expect(refused.message).not.toContain(wrapped)
    }
  }).pipe(Effect.provide(MemoryStorage.layer))
)
