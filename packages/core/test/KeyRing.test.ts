import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { SenderId } from "../src/Identity.ts"
import {
  decideKeyRing,
  emptyRing,
  evolveKeyRing,
  installationAccount,
  KeyId,
  type KeyRing,
  type KeyRingCommand,
  type KeyRingEvent,
  type KeySlot,
  keyRingDecider,
  keyRingId,
  mayRetireFrom,
  mayTakeOverFrom
} from "../src/KeyRing.ts"
import { day, hour, minute, second, t0 } from "./SenderExamples.ts"

const idOf = (slot: KeySlot, life = 1): KeyId => KeyId.make(`key-${slot}-${life}`)
const key = (after: number, slot: KeySlot, life = 1) => ({ at: t0 + after, slot, keyId: idOf(slot, life) })
const generate = (after: number, slot: KeySlot, life = 1): KeyRingCommand => ({
  ...{ _tag: "GenerateKey", ...key(after, slot, life), publicKey: `p${slot}` }
})
const see = (after: number, slot: KeySlot, keptFor = 5 * minute): KeyRingCommand => ({
  ...{ _tag: "RecordKeySeen", ...key(after, slot), keptFor, evidence: [] }
})
const miss = (after: number, slot: KeySlot, keptFor = 5 * minute): KeyRingCommand => ({
  ...{ _tag: "RecordKeyMissing", ...key(after, slot), keptFor, evidence: [] }
})
const move = (after: number, to: KeySlot): KeyRingCommand => ({ _tag: "MoveSigning", at: t0 + after, to })
const useKey = (after: number, slot: KeySlot): KeyRingCommand => ({ _tag: "RecordKeyUse", ...key(after, slot) })
const retire = (after: number, slot: KeySlot): KeyRingCommand => ({ _tag: "RetireKey", at: t0 + after, slot })
const revoke = (after: number, slot: KeySlot): KeyRingCommand => ({ _tag: "RevokeKey", at: t0 + after, slot })
const lose = (after: number, slot: KeySlot): KeyRingCommand => ({ _tag: "RecordKeyLost", ...key(after, slot) })

/** The ring after commands, each of which has to make something happen. */
const ringAfter = (...commands: ReadonlyArray<KeyRingCommand>): KeyRing =>
  commands.reduce((ring, command) => {
    const decision = decideKeyRing(ring, command)
    if (decision._tag !== "Happened") throw new Error(`${command._tag}: ${JSON.stringify(decision)}`)
    return decision.events.reduce(evolveKeyRing, ring)
  }, emptyRing)

const happens = (ring: KeyRing, command: KeyRingCommand) => {
  const decision = decideKeyRing(ring, command)
  if (decision._tag === "Happened") return decision.events.map(({ _tag }) => _tag)
  return decision._tag === "Unchanged" ? decision.because : decision.rejection
}
const refused = (law: string, until?: number) => ({
  _tag: "KeyRingRefused",
  law,
  until: until === undefined ? undefined : t0 + until
})

const started = [generate(0, 1), generate(0, 2), generate(0, 3)]
/** The first slot signs, and the others were seen with it. */
const signing = [...started, see(minute, 1), see(minute, 2), see(minute, 3)]

describe("the first start", () => {
  it("signs nothing before a key is seen, and then at once", () => {
    expect(ringAfter(...started).signing).toBeUndefined()
    expect(happens(ringAfter(...started), move(30 * day, 1))).toEqual(refused("key-not-seen-long-enough"))
    expect(happens(ringAfter(...started), see(minute, 1))).toEqual(["KeySeen", "SigningMoved"])
    expect(ringAfter(...signing)).toMatchObject({ signing: 1, keptFor: 5 * minute })
  })

  it("does not wait for a first slot that is not published", () => {
    expect(ringAfter(...started, see(minute, 3)).signing).toBe(3)
  })

  it("waits with a slot whose first key was lost: caches may hold that one", () => {
    const again = { ...see(2 * minute, 1), keyId: idOf(1, 2) } as KeyRingCommand
    const ring = ringAfter(...started, lose(minute, 1), generate(minute, 1, 2))
    expect(happens(ring, again)).toEqual(["KeySeen"])
    expect(
      ringAfter(...started, lose(minute, 1), generate(minute, 1, 2), again, move(day + 2 * minute, 1)).signing
    ).toBe(1)
  })
})

describe("signing moves", () => {
  it("to a key that was seen for a day without a break", () => {
    const ring = ringAfter(...signing)
    expect(mayTakeOverFrom(ring, 2)).toBe(t0 + minute + day)
    expect(happens(ring, move(minute + day - 1, 2))).toEqual(refused("key-not-seen-long-enough", minute + day))
    expect(happens(ring, move(minute + day, 2))).toEqual(["SigningMoved"])
  })

  it("later where caches keep longer, be it an absence", () => {
    const ring = ringAfter(...signing, see(hour, 3, 2 * day))
    expect(mayTakeOverFrom(ring, 2)).toBe(t0 + minute + 2 * day)
    expect(mayTakeOverFrom(ringAfter(...started, miss(0, 3, 3 * day), see(minute, 2)), 2)).toBe(t0 + minute + 3 * day)
  })

  it("not to one that went missing meanwhile, until a day after it came back", () => {
    const ring = ringAfter(...signing, miss(23 * hour, 2), see(25 * hour, 2))
    expect(happens(ring, move(48 * hour, 2))).toEqual(refused("key-not-seen-long-enough", 49 * hour))
  })

  it("nowhere without a key", () => {
    expect(happens(ringAfter(...signing, retire(hour, 2)), move(9 * day, 2))).toEqual(refused("slot-has-no-key"))
  })
})

describe("a slot gets a new key", () => {
  const moved = [...signing, move(2 * day, 2)]

  it("a week after it last signed", () => {
    const ring = ringAfter(...moved)
    expect(mayRetireFrom(ring, 1)).toBe(t0 + 9 * day)
    expect(happens(ring, retire(9 * day - 1, 1))).toEqual(refused("slot-signed-lately", 9 * day))
    expect(happens(ringAfter(...moved, retire(9 * day, 1)), generate(9 * day, 1, 2))).toEqual(["KeyGenerated"])
  })

  it("a week after the last use that was not written down: one that was counts for a day", () => {
    const used = [...moved, useKey(5 * day, 1)]
    expect(happens(ringAfter(...used), useKey(6 * day, 1))).toBe("already-so")
    expect(happens(ringAfter(...used), useKey(6 * day + 1, 1))).toEqual(["KeyUsed"])
    expect(happens(ringAfter(...used), retire(12 * day, 1))).toEqual(refused("slot-signed-lately", 13 * day))
  })

  it("never while it signs, nor while it has one", () => {
    expect(happens(ringAfter(...signing), retire(30 * day, 1))).toEqual(refused("slot-signs"))
    expect(happens(ringAfter(...moved), generate(30 * day, 1, 2))).toEqual(refused("slot-has-a-key"))
  })

  it("never one that ever was", () => {
    expect(happens(ringAfter(...moved, retire(9 * day, 1)), generate(20 * day, 1))).toBe("stale")
    expect(
      happens(ringAfter(...moved, retire(9 * day, 1)), { ...generate(20 * day, 1), keyId: idOf(2) } as KeyRingCommand)
    ).toBe("stale")
  })

  it("a week after it was revoked, if it signed", () => {
    const ring = ringAfter(...signing, revoke(hour, 1))
    expect(happens(ring, generate(2 * hour, 1, 2))).toEqual(refused("slot-signed-lately", hour + 7 * day))
    expect(happens(ringAfter(...signing, revoke(hour, 3)), generate(2 * hour, 3, 2))).toEqual(["KeyGenerated"])
  })

  it("at once when its key is lost", () => {
    expect(happens(ringAfter(...signing, lose(hour, 1)), generate(hour, 1, 2))).toEqual(["KeyGenerated"])
  })
})

describe("what is revoked or lost", () => {
  it("hands over at once to the slot that was seen for longest", () => {
    const ring = ringAfter(...started, see(0, 1), see(2 * second, 2), see(second, 3))
    expect(happens(ring, revoke(minute, 1))).toEqual(["KeyRevoked", "SigningMoved"])
    expect(ringAfter(...signing, miss(2 * minute, 2), revoke(hour, 1)).signing).toBe(3)
    expect(ringAfter(...signing, lose(hour, 1)).signing).toBe(2)
  })

  it("leaves nothing that signs when no other is seen, until one was seen for a day", () => {
    const none = [...started, see(0, 1), revoke(minute, 1)]
    expect(ringAfter(...none).signing).toBeUndefined()
    expect(happens(ringAfter(...none), see(hour, 2))).toEqual(["KeySeen"])
    expect(ringAfter(...none, see(hour, 2), move(25 * hour, 2)).signing).toBe(2)
  })

  it("stays in the history", () => {
    const { history } = ringAfter(...signing, retire(hour, 3), revoke(2 * hour, 1), lose(3 * hour, 2))
    expect(history.map(({ keyId, ended }) => [keyId, ended?.because])).toEqual([
      [idOf(1), "revoked"],
      [idOf(2), "lost"],
      [idOf(3), "retired"]
    ])
  })
})

describe("the stream of the ring", () => {
  it("has a name and an account that are no sender's and no customer's", () => {
    expect(keyRingId).toBe("5bf32f23-af16-8175-ad0e-911aaa43d0f9")
    expect(Schema.is(SenderId)(keyRingId)).toBe(true)
    expect(keyRingDecider.account(emptyRing)).toBeUndefined()
    expect(keyRingDecider.account(ringAfter(generate(0, 1)))).toBe(installationAccount)
  })

  it("is stored as this", () => {
    const moved: KeyRingEvent = { _tag: "SigningMoved", at: t0, to: 1 }
    expect(keyRingDecider.codec.encode(moved)).toEqual({
      type: "SigningMoved",
      schemaVersion: 1,
      data: `{"at":${t0},"to":1}`
    })
    expect(
      keyRingDecider.codec.decode({ type: "KeyUsed", schemaVersion: 1, data: `{"at":1,"slot":4,"keyId":"k"}` })._tag
    ).toBe("Failure")
  })
})
