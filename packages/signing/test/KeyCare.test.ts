import { createPublicKey } from "node:crypto"
import { AccountId, type KeyRing, type KeySlot, keySlots } from "@countersign/core"
import { EventStore, SendPlans } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Logger, Metric, Redacted } from "effect"
import { KeyCare, KeyRingKeys, keyRecordOf, revokeKey } from "../src/index.ts"
import { day, makeKeyWorld, minute, pass, secret } from "./KeyWorld.ts"

const keyIds = ({ slots }: KeyRing) => keySlots.map((slot) => slots[slot].key?.keyId)
const seenSlots = ({ slots }: KeyRing) => keySlots.filter((slot) => slots[slot].key?.seenSince !== undefined)

/** Runs with a list of what is logged as a warning or an error. */
const withLog = <A, E, R>(run: (lines: ReadonlyArray<string>) => Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message, logLevel }) => {
      if (logLevel !== "Debug" && logLevel !== "Trace") lines.push(`${logLevel}: ${String(message)}`)
    })
    return Effect.provide(run(lines), Logger.layer([logger]))
  })

describe("the first start", () => {
  it.effect("gives every slot a key whose private half is wrapped, and signs once the first is seen", () =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      yield* world.start()
      const ring = yield* world.ring
      expect(new Set(keyIds(ring)).size).toBe(3)
      expect((yield* world.rows).map(({ keyId }) => keyId)).toEqual([...keyIds(ring)].sort())
      expect(ring.signing).toBeUndefined()
      yield* pass(5 * minute)
      expect((yield* world.ring).signing).toBeUndefined()
      yield* world.publish()
      yield* pass(minute)
      expect(seenSlots(yield* world.ring)).toEqual([1, 2, 3])
      expect((yield* world.ring).signing).toBe(1)
    })
  )

  it.effect("makes three keys however many processes start at once", () =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      yield* Effect.all(
        Array.from({ length: 8 }, () => world.start()),
        { concurrency: "unbounded" }
      )
      expect(yield* world.events).toEqual(["KeyGenerated", "KeyGenerated", "KeyGenerated"])
      expect(yield* world.rows).toHaveLength(3)
    })
  )

  it.effect("goes on where a process was killed", () =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      const first = yield* world.start()
      yield* first.stop
      const ids = keyIds(yield* world.ring)
      yield* world.start()
      expect(keyIds(yield* world.ring)).toEqual(ids)
    })
  )
})

describe("a look", () => {
  it.effect("comes each minute until a key is seen, then each hour", () =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      yield* world.start()
      yield* world.publish()
      yield* pass(minute)
      yield* world.put(2, "v=DKIM1; k=rsa; p=other")
      yield* pass(58 * minute)
      expect(seenSlots(yield* world.ring)).toEqual([1, 2, 3])
      yield* pass(2 * minute)
      expect(seenSlots(yield* world.ring)).toEqual([1, 3])
      yield* world.publish()
      yield* pass(minute)
      expect(seenSlots(yield* world.ring)).toEqual([1, 2, 3])
    })
  )

  it.effect("comes at once when somebody asks, and says nothing where no server answers", () =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      const { context } = yield* world.start()
      yield* world.publish()
      yield* Context.get(context, KeyCare).look
      expect((yield* world.ring).signing).toBe(1)
      yield* world.breakDown
      yield* Context.get(context, KeyCare).look
      expect(seenSlots(yield* world.ring)).toEqual([1, 2, 3])
      yield* world.put(1)
      yield* world.restore
      yield* Context.get(context, KeyCare).look
      expect(seenSlots(yield* world.ring)).toEqual([2, 3])
    })
  )

  const forms: ReadonlyArray<readonly [string, (key: string) => ReadonlyArray<string>, boolean]> = [
    ["the record as it was told", (p) => [keyRecordOf(p)], true],
    ["other spaces and order", (p) => [`p= ${p.slice(0, 9)} ${p.slice(9)};k=rsa ;v=DKIM1`], true],
    ["an h= with sha256, and an s= for mail", (p) => [`v=DKIM1; h=sha1:sha256; s=email; p=${p}`], true],
    ["a test", (p) => [`v=DKIM1; t=y:s; p=${p}`], false],
    ["an h= without sha256", (p) => [`v=DKIM1; h=sha1; p=${p}`], false],
    ["an s= for something else", (p) => [`v=DKIM1; s=tlsrpt; p=${p}`], false],
    ["another kind of key", (p) => [`v=DKIM1; k=ed25519; p=${p}`], false],
    ["a revoked key", () => ["v=DKIM1; p="], false],
    ["half of the key", (p) => [`v=DKIM1; k=rsa; p=${p.slice(0, 200)}`], false],
    ["two records", (p) => [keyRecordOf(p), "v=spf1 -all"], false],
    ["none", () => [], false]
  ]
  it.effect.each(forms)("at %s", ([, values, isSeen]) =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      const { context } = yield* world.start()
      const key = (yield* world.ring).slots[1].key?.publicKey ?? ""
      yield* world.put(1, ...values(key))
      yield* Context.get(context, KeyCare).look
      expect(seenSlots(yield* world.ring)).toEqual(isSeen ? [1] : [])
    })
  )
})

describe("the slot that signs", () => {
  it.effect("is alarmed about once an outage", () =>
    withLog((lines) =>
      Effect.gen(function* () {
        const world = yield* makeKeyWorld
        const { context } = yield* world.start()
        const { look } = Context.get(context, KeyCare)
        const gauge = Effect.map(
          Metric.value(
            Metric.withAttributes(
              Metric.gauge("countersign_signing_key_seen", {
                description: "1 while the key of the slot is published, as far as the last look told."
              }),
              { slot: "1" }
            )
          ),
          ({ value }) => value
        )
        yield* look
        yield* look
        yield* world.publish()
        yield* look
        expect(yield* gauge).toBe(1)
        yield* world.put(1)
        yield* look
        yield* look
        yield* pass(10 * minute)
        expect(yield* gauge).toBe(0)
        yield* world.publish()
        yield* look
        const told = lines.map((line) => line.slice(0, 60))
        expect(told).toEqual(
          [
            "Error: no signing key is published in dkim.countersign.net: `",
            "Info: the key of slot 1, which signs, is published in dkim.c",
            "Error: the key of slot 1, which signs, is not published in dk",
            "Info: the key of slot 1, which signs, is published in dkim.c"
          ].map((line) => line.slice(0, 60))
        )
      })
    )
  )

  it.effect("is followed by the next one that may, when nothing signs any more", () =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      const { context } = yield* world.start()
      yield* world.publish(1)
      yield* pass(minute)
      const revoked = yield* world.operate(revokeKey(1))
      expect(revoked).toMatchObject({ happened: true, ring: { signing: undefined } })
      yield* world.publish()
      yield* pass(day)
      expect((yield* world.ring).signing).toBeUndefined()
      yield* pass(2 * minute)
      expect((yield* world.ring).signing).toBe(2)
      // Slot 1 signed: it gets a new key after a week.
      expect((yield* world.ring).slots[1].key).toBeUndefined()
      yield* pass(6 * day)
      yield* Context.get(context, KeyCare).look
      expect((yield* world.ring).slots[1].key).toBeDefined()
    })
  )
})

describe("the private keys", () => {
  const drop =
    (...slots: ReadonlyArray<KeySlot>) =>
    (ring: KeyRing) =>
      Effect.flatMap(EventStore, (store) =>
        store.commit([
          {
            account: "a",
            command: { id: `drop ${slots}`, fingerprint: "", result: "" },
            appends: [],
            keys: slots.flatMap((slot) => {
              const keyId = ring.slots[slot].key?.keyId
              return keyId === undefined ? [] : [{ _tag: "Drop" as const, keyId }]
            })
          }
        ])
      )

  it.effect("that are gone are lost, and their slots get new ones at once", () =>
    withLog((lines) =>
      Effect.gen(function* () {
        const world = yield* makeKeyWorld
        const first = yield* world.start()
        yield* world.publish()
        yield* Context.get(first.context, KeyCare).look
        yield* first.stop
        const before = yield* world.ring
        yield* world.operate(drop(1)(before))
        yield* world.start()
        const after = yield* world.ring
        expect(keyIds(after).map((id, index) => id === keyIds(before)[index])).toEqual([false, true, true])
        expect(after.signing).toBe(2)
        expect(after.history.map(({ ended }) => ended?.because)).toEqual(["lost", undefined, undefined, undefined])
        expect(lines).toContain("Error: the private key of slot 1 is gone; the slot gets a new key")
      })
    )
  )

  it.effect("keep a process with another secret from starting, by one sentence without a secret", () =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      yield* (yield* world.start()).stop
      const other = "another secret of the tests as long as the first"
      const failed = yield* Effect.flip(world.start(other))
      expect(failed.message).toBe(
        "The signing key was wrapped with a secret that is not in COUNTERSIGN_SECRET: list the secret behind the new one, as `new,old`."
      )
      expect(yield* world.events).toEqual(["KeyGenerated", "KeyGenerated", "KeyGenerated"])
      // A process that only signs does not start either.
      const signer = Effect.scoped(Layer.build(KeyRingKeys.layer))
      expect((yield* Effect.flip(world.operate(signer, other))).message).toBe(failed.message)
      // With both, all are wrapped again, and the old one may go.
      yield* (yield* world.start(`${other},${secret}`)).stop
      expect(Exit.isSuccess(yield* Effect.exit(world.start(other)))).toBe(true)
      expect(Exit.isSuccess(yield* Effect.exit(world.start(secret)))).toBe(false)
    })
  )

  it.effect("are given to who signs, by the slot", () =>
    Effect.gen(function* () {
      const world = yield* makeKeyWorld
      const { context } = yield* world.start()
      yield* world.publish()
      yield* Context.get(context, KeyCare).look
      yield* Context.get(context, SendPlans).plan({ account: AccountId.make("acc_1") })
      const { privateKey } = Context.get(context, KeyRingKeys)
      for (const slot of keySlots) {
        const opened = yield* privateKey(slot)
        const publicKey = createPublicKey(Redacted.value(opened)).export({ type: "spki", format: "der" })
        expect(publicKey.toString("base64")).toBe((yield* world.ring).slots[slot].key?.publicKey)
        expect(yield* privateKey(slot)).toBe(opened)
        expect(JSON.stringify(opened)).toBe('"<redacted>"')
      }
      // Slot 1 signs by default; that the others did is written down, once a day.
      expect((yield* world.events).filter((type) => type === "KeyUsed")).toHaveLength(2)
    })
  )
})
