import { Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CanonicalAddress } from "../src/EmailAddress.ts"
import { makeIdentity, SenderId } from "../src/Identity.ts"
import {
  declinedUntil,
  declinePeriod,
  type Mailbox,
  type MailboxCommand,
  type MailboxEvent,
  mailboxDecider,
  mailboxId
} from "../src/Mailbox.ts"
import { AccountId } from "../src/Owner.ts"
import { day, hour, t0 } from "./SenderExamples.ts"

const account = AccountId.make("acc_1")
const canonical = CanonicalAddress.make("jane@example.com")

const { initial, decide, evolve, codec } = mailboxDecider
const mailDeclined = (after: number): MailboxEvent => {
  const at = t0 + after
  return { _tag: "MailDeclined", at, account, canonical, until: at + 30 * day }
}
const lifted = (after: number): MailboxEvent => ({ _tag: "DeclineLifted", at: t0 + after, by: "operator" })
const declineMail = (after: number): MailboxCommand => ({ _tag: "DeclineMail", at: t0 + after, account, canonical })
const lift = (after: number): MailboxCommand => ({ _tag: "LiftDecline", at: t0 + after, by: "operator" })

const stateOf = (...events: ReadonlyArray<MailboxEvent>): Mailbox => events.reduce(evolve, initial)
const happens = (command: MailboxCommand, ...past: ReadonlyArray<MailboxEvent>) => decide(stateOf(...past), command)
const happened = (event: MailboxEvent) => ({ _tag: "Happened", events: [event] })
const unchanged = (because: string) => ({ _tag: "Unchanged", because })

describe("a decline", () => {
  it("keeps mail away for 30 days, said once", () => {
    expect(declinePeriod).toBe(30 * day)
    expect(happens(declineMail(0))).toStrictEqual(happened(mailDeclined(0)))
    expect(happens(declineMail(0), mailDeclined(0))).toStrictEqual(unchanged("already-declined"))
  })

  it("begins anew when it is said later, before or after the end of the one before", () => {
    for (const after of [1, hour, 30 * day, 90 * day]) {
      expect(happens(declineMail(after), mailDeclined(0))).toStrictEqual(happened(mailDeclined(after)))
    }
  })

  it("never shortens the one before, though the clock was put back", () => {
    expect(happens(declineMail(-hour), mailDeclined(0))).toStrictEqual(unchanged("already-declined"))
  })

  it("stands to the millisecond before its end", () => {
    const state = stateOf(mailDeclined(0))
    const end = t0 + 30 * day
    expect([end - 1, end, end + 1].map((at) => declinedUntil(state, at))).toEqual([end, undefined, undefined])
    expect(declinedUntil(state, t0 - day)).toBe(end)
    expect(declinedUntil(initial, t0)).toBeUndefined()
  })
})

describe("lifting", () => {
  it("ends a decline at once, and once", () => {
    expect(happens(lift(hour), mailDeclined(0))).toStrictEqual(happened(lifted(hour)))
    expect(declinedUntil(stateOf(mailDeclined(0), lifted(hour)), t0 + hour)).toBeUndefined()
    expect(happens(lift(hour), mailDeclined(0), lifted(hour))).toStrictEqual(unchanged("not-declined"))
  })

  it("is nothing where no decline stands", () => {
    expect(happens(lift(0))).toStrictEqual(unchanged("not-declined"))
    expect(happens(lift(30 * day), mailDeclined(0))).toStrictEqual(unchanged("not-declined"))
  })

  it("lets the mailbox decline again, for as long as ever", () => {
    expect(happens(declineMail(2 * hour), mailDeclined(0), lifted(hour))).toStrictEqual(
      happened(mailDeclined(2 * hour))
    )
    // The clock was put back after the decline: what was lifted shortens nothing.
    expect(happens(declineMail(-hour), mailDeclined(0), lifted(hour))).toStrictEqual(happened(mailDeclined(-hour)))
  })
})

describe("a mailbox", () => {
  it("is of the account that was declined, and known from then on", () => {
    expect(mailboxDecider.account(initial)).toBeUndefined()
    expect(stateOf(mailDeclined(0))).toStrictEqual({
      _tag: "KnownMailbox",
      account,
      canonical,
      decline: { since: t0, until: t0 + 30 * day, lifted: undefined }
    })
    expect(stateOf(mailDeclined(0), lifted(hour))).toMatchObject({
      decline: { since: t0, until: t0 + 30 * day, lifted: { at: t0 + hour, by: "operator" } }
    })
    expect(mailboxDecider.account(stateOf(mailDeclined(0), lifted(hour)))).toBe(account)
    expect(stateOf(lifted(0))).toBe(initial)
  })

  it("has no row and no tasks", () => {
    const [id, state] = [mailboxId(account, canonical), stateOf(mailDeclined(0))]
    expect(mailboxDecider.view(id, state)).toBeUndefined()
    expect(mailboxDecider.react(id, state, mailDeclined(0))).toEqual([])
  })

  it.each([mailDeclined(0), lifted(hour)])("is read back as it was stored: $_tag", (event) => {
    expect(codec.decode(codec.encode(event))).toStrictEqual(Result.succeed(event))
  })

  it("is stored as this", () => {
    expect(codec.encode(mailDeclined(0))).toStrictEqual({
      type: "MailDeclined",
      schemaVersion: 1,
      data: `{"at":${t0},"account":"acc_1","canonical":"jane@example.com","until":${t0 + 30 * day}}`
    })
  })

  it.each([
    ["MailDeclined", { at: 1, account: "a", canonical: "", until: 2 }],
    ["MailDeclined", { at: 1, account: "", canonical: "c", until: 2 }],
    ["MailDeclined", { at: 1, account: "a", canonical: "c" }],
    ["DeclineLifted", { at: 1 }],
    ["SenderRemoved", { at: 1, reason: "" }]
  ])("cannot be read from a %s of the data %j", (type, data) => {
    expect(Result.isFailure(codec.decode({ type, schemaVersion: 1, data: JSON.stringify(data) }))).toBe(true)
  })
})

// The name of a stream that is stored: these values must never change.
describe("the id of a mailbox", () => {
  it.each([
    ["acc_1", "jane@example.com", "3570d3a5-b0ef-816d-85e9-47e1d21c4add"],
    ["acc_1", "joe@example.com", "f00c2e71-b213-8c52-b621-c7b91c571389"],
    ["acc_2", "jane@example.com", "51220e40-048d-86e8-91a9-9a2cdf19c9ec"]
  ])("of %s and %s is frozen", (owner, address, id) => {
    expect(mailboxId(AccountId.make(owner), CanonicalAddress.make(address))).toBe(id)
  })

  it("is a UUID of version 8, and no sender's", () => {
    const id = mailboxId(account, canonical)
    expect(Schema.is(SenderId)(id)).toBe(true)
    const { senderId } = makeIdentity(new Uint8Array(32))
    expect(senderId({ account, owner: { _tag: "Account" }, kind: "email", canonical })).not.toBe(id)
  })

  it("has fields that do not run into each other", () => {
    const text = fc.string({ minLength: 1 })
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const id = (owner: string, address: string) => mailboxId(AccountId.make(owner), CanonicalAddress.make(address))
        expect(id(a + b, c)).not.toBe(id(a, b + c))
      })
    )
  })
})
