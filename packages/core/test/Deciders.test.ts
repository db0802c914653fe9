import { describe, expect, it } from "vitest"
import { isKnownType, isOf, replayOf, schemaVersions, senderDecider } from "../src/Deciders.ts"
import type { EncodedEvent } from "../src/EventCodec.ts"
import { KeyId, type KeyRingEvent, keyRingDecider, keyRingEventFields, keyRingId } from "../src/KeyRing.ts"
import { mailboxDecider, mailboxEventFields } from "../src/Mailbox.ts"
import { senderEventFields } from "../src/SenderEvent.ts"
import { added, day, domainVerified, emailVerified, hour, removed, requested, senderId, t0 } from "./SenderExamples.ts"

const { account, canonical } = added()
const senders = [added(), requested("v1"), emailVerified("v1", hour), domainVerified(day)].map(
  senderDecider.codec.encode
)
const mailboxes = [
  { _tag: "MailDeclined", at: t0, account, canonical, until: t0 + 30 * day } as const,
  { _tag: "DeclineLifted", at: t0 + hour, by: "operator" } as const
].map(mailboxDecider.codec.encode)

/** What a stream comes to for one who knows its name alone. */
const replay = (stream: string, events: ReadonlyArray<EncodedEvent>) => {
  const { take, entry } = replayOf(stream, events[0]?.type ?? "")
  const problems = events.flatMap((event) => take(event)?.problem ?? [])
  return { problems, entry: entry() }
}

/** The doubts about each event in turn. */
const doubts = (stream: string, events: ReadonlyArray<EncodedEvent>) => {
  const { take, doubt } = replayOf(stream, events[0]?.type ?? "")
  return events.map((event) => {
    take(event)
    return doubt()
  })
}

describe("a stream that is known by its name alone", () => {
  it("is a sender's when it begins as one", () => {
    const { problems, entry } = replay(senderId, senders)
    expect(problems).toEqual([])
    expect(entry).toMatchObject({ id: senderId, account, canonical, status: "active", incarnation: 1 })
    const gone = replay(senderId, [...senders, senderDecider.codec.encode(removed(2 * day))])
    expect(gone).toEqual({ problems: [], entry: undefined })
  })

  it("is a mailbox's when it begins as one, and has no row", () => {
    expect(replay("m1", mailboxes)).toEqual({ problems: [], entry: undefined })
  })

  it("is the key ring's when it begins as one, and has no row", () => {
    const key = { at: t0, slot: 1, keyId: KeyId.make("k1") } as const
    const ring: ReadonlyArray<KeyRingEvent> = [
      { _tag: "KeyGenerated", ...key, publicKey: "p" },
      { _tag: "KeySeen", ...key, keptFor: 0, evidence: [] }
    ]
    expect(replay(keyRingId, ring.map(keyRingDecider.codec.encode))).toEqual({ problems: [], entry: undefined })
  })

  it("has no events of the other kind", () => {
    expect(replay(senderId, [...senders, ...mailboxes]).problems).toEqual([
      "the type is unknown",
      "the type is unknown"
    ])
    expect(replay("m1", [...mailboxes, ...senders.slice(0, 1)]).problems).toEqual(["the type is unknown"])
  })

  it.each(["SenderRenamed", "", "toString", "__proto__"])("cannot be read when it begins with a %j", (type) => {
    expect(replay("x", [{ type, schemaVersion: 1, data: "{}" }])).toEqual({
      problems: ["the type is unknown"],
      entry: undefined
    })
  })

  it("has doubts about the event alone that does not follow from its evidence", () => {
    const doubtful = senderDecider.codec.encode({ ...domainVerified(day), evidence: [] })
    const broken = { type: "EmailVerified", schemaVersion: 1, data: "[]" }
    expect(doubts(senderId, [...senders, doubtful, broken])).toEqual([
      ...senders.map(() => undefined),
      "the evidence does not show every record right",
      undefined
    ])
    expect(doubts(senderId, [doubtful, ...senders])).toEqual([undefined, ...senders.map(() => undefined)])
    expect(doubts("m1", mailboxes)).toEqual([undefined, undefined])
  })

  it("goes on after an event that cannot be read, which is told", () => {
    const [first, ...rest] = senders
    const broken = { type: "EmailVerified", schemaVersion: 1, data: "[]" }
    const { problems, entry } = replay(senderId, first === undefined ? [] : [first, broken, ...rest])
    expect(problems).toEqual(["the data is no JSON object"])
    expect(entry).toMatchObject({ status: "active" })
  })
})

describe("the type of an event", () => {
  const kinds = [senderDecider, mailboxDecider, keyRingDecider]
  it("belongs to one kind", () => {
    const types = Object.keys(schemaVersions)
    expect(types).toEqual(Object.keys({ ...senderEventFields, ...mailboxEventFields, ...keyRingEventFields }))
    for (const type of types) {
      expect(kinds.filter((decider) => isOf(decider, type))).toHaveLength(1)
      expect(isKnownType(type)).toBe(true)
    }
  })

  it.each(["SenderRenamed", "", "toString", "__proto__"])("%j is of none", (type) => {
    expect(kinds.filter((decider) => isOf(decider, type))).toEqual([])
    expect(isKnownType(type)).toBe(false)
  })
})

describe("the decider of senders", () => {
  it("says whose a stream is from its first event on, removal included", () => {
    const { initial, evolve } = senderDecider
    expect(senderDecider.account(initial)).toBeUndefined()
    expect(senderDecider.account([added(), removed(day)].reduce(evolve, initial))).toBe(account)
  })

  it("has no work for an event that began nothing", () => {
    expect(senderDecider.react(senderId, senderDecider.initial, requested("v1"))).toEqual([])
  })
})
