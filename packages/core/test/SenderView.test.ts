import { given } from "@countersign/testkit"
import { describe, expect, it } from "vitest"
import { fold, isLive, type SenderState } from "../src/Sender.ts"
import type { SenderEvent } from "../src/SenderEvent.ts"
import { blockersOf, statusOf, view } from "../src/SenderView.ts"
import {
  add,
  added,
  day,
  declined,
  degraded,
  domainVerified,
  emailVerified,
  expired,
  hour,
  lost,
  mailFailed,
  mailSent,
  minute,
  plan,
  problemFound,
  recovered,
  removed,
  requested,
  senderId,
  t0,
  timedOut,
  verdictsOf,
  wholeDomain
} from "./SenderExamples.ts"

type Events = ReadonlyArray<SenderEvent>

const mailboxes: { readonly [word: string]: readonly [Events, string | undefined] } = {
  pending: [[added(), requested("v1")], "mailbox-unconfirmed"],
  verified: [[added(), requested("v1"), emailVerified("v1", minute)], undefined],
  expired: [[added(), requested("v1"), expired("v1", day)], "link-expired"],
  declined: [[added(), requested("v1"), declined("v1", minute)], "mailbox-declined"],
  undeliverable: [[added(), requested("v1"), mailFailed("v1", minute)], "mail-undeliverable"],
  "not needed": [[added(0, wholeDomain)], undefined]
}
const domains: { readonly [word: string]: readonly [Events, string | undefined] } = {
  pending: [[], "domain-unverified"],
  "with problems": [[problemFound(2 * day, "no name")], "domain-unverified"],
  verified: [[domainVerified(2 * day)], undefined],
  degraded: [[domainVerified(2 * day), degraded(3 * day, "no name")], undefined],
  recovered: [[domainVerified(2 * day), degraded(3 * day, "no name"), recovered(4 * day)], undefined],
  "timed out": [[timedOut(3 * day)], "domain-timed-out"],
  lost: [[domainVerified(2 * day), degraded(3 * day, "no name"), lost(6 * day, "no name")], "domain-lost"]
}

const shown = (state: SenderState) => (state._tag === "Sender" ? statusOf(state) : "none")
const codes = (state: SenderState) => blockersOf(state).map(({ code }) => code)

describe("status and blockers", () => {
  for (const [mailbox, [mail, mailBlocker]] of Object.entries(mailboxes)) {
    for (const [domain, [dns, domainBlocker]] of Object.entries(domains)) {
      const mailDone = mailBlocker === undefined
      const domainDone = domainBlocker === undefined
      const status =
        mailDone && domainDone
          ? "active"
          : mailDone && mailbox !== "not needed"
            ? "email-verified"
            : domainDone
              ? "domain-verified"
              : "pending"
      it(`mailbox ${mailbox}, domain ${domain}: ${status}`, () => {
        const state = fold([...mail, ...dns])
        expect(shown(state)).toBe(status)
        expect(view(senderId, state)?.status).toBe(status)
        expect(codes(state)).toEqual([mailBlocker, domainBlocker].filter((code) => code !== undefined))
        for (const { message } of blockersOf(state)) expect(message).toMatch(/^[A-Z][^\n]{20,}$/)
        const gone = fold([removed(9 * day)], state)
        expect(shown(gone)).toBe("removed")
        expect(codes(gone)).toEqual(["sender-not-found"])
        expect(view(senderId, gone)).toBeUndefined()
      })
    }
  }

  it("of nobody", () => {
    expect(codes(fold([]))).toEqual(["sender-not-found"])
    expect(view(senderId, fold([]))).toBeUndefined()
  })

  it("name the address, the domain and the mail server's words in their sentences", () => {
    const messages = blockersOf(fold([...(mailboxes.undeliverable?.[0] ?? [])])).map(({ message }) => message)
    expect(messages[0]).toContain("Jane@example.com")
    expect(messages[0]).toContain("550 no such mailbox")
    expect(messages[1]).toContain("3 CNAME records of example.com")
  })
})

describe("the directory entry", () => {
  it("holds what lists and look-ups show", () => {
    const state = fold([added(), requested("v1"), problemFound(minute, "no name"), emailVerified("v1", hour)])
    expect(view(senderId, state)).toStrictEqual({
      id: "s1",
      account: "account-1",
      owner: { _tag: "Organization", organization: "organization-1" },
      kind: "email",
      address: "Jane@example.com",
      canonical: "jane@example.com",
      domain: "example.com",
      status: "email-verified",
      mailbox: "verified",
      domainState: "pending",
      domainSince: t0,
      verdicts: verdictsOf("no name"),
      plan,
      metadata: { customer: "42" },
      incarnation: 1,
      addedAt: t0,
      updatedAt: t0 + hour
    })
  })

  it("shows the verdicts that a domain fell by", () => {
    expect(view(senderId, fold([added(), domainVerified(minute), degraded(day, "two targets")]))?.verdicts).toEqual(
      verdictsOf("two targets")
    )
  })

  const updatedAt = (events: Events) => {
    const state = fold(events)
    return isLive(state) ? state.updatedAt - t0 : undefined
  }

  it.each<readonly [string, Events]>([
    ["EmailVerified", [added(), requested("v1"), emailVerified("v1", hour)]],
    ["VerificationDeclined", [added(), requested("v1"), declined("v1", hour)]],
    ["VerificationExpired", [added(), requested("v1"), expired("v1", hour)]],
    ["a permanent mail failure", [added(), requested("v1"), mailFailed("v1", hour)]],
    ["a new link after an expiry", [added(), requested("v1"), expired("v1", minute), requested("v2", hour)]],
    ["DomainVerified", [added(), domainVerified(hour)]],
    ["DomainVerificationTimedOut", [added(), timedOut(hour)]],
    ["DomainDegraded", [added(), domainVerified(minute), degraded(hour, "no name")]],
    ["DomainRecovered", [added(), domainVerified(1), degraded(minute, "no name"), recovered(hour)]],
    ["DomainVerificationLost", [added(), domainVerified(1), degraded(minute, "no name"), lost(hour, "no name")]]
  ])("moves updatedAt by %s", (_, events) => {
    expect(updatedAt(events)).toBe(hour)
  })

  it.each<readonly [string, Events]>([
    ["a new link while one is pending", [added(), requested("v1"), requested("v2", hour)]],
    ["a sent mail", [added(), requested("v1"), mailSent("v1", hour)]],
    ["a mail that was given up", [added(), requested("v1"), mailFailed("v1", hour, false)]],
    ["other problems of the records", [added(), problemFound(hour, "no name")]],
    ["a mail failure of an older link", [added(), requested("v1"), requested("v2"), mailFailed("v1", hour)]]
  ])("does not move updatedAt by %s", (_, events) => {
    expect(updatedAt(events)).toBe(0)
  })

  it("never moves updatedAt back within a life, and begins a new one with its own times", () => {
    const state = [added(), requested("v1"), domainVerified(day)]
    expect(updatedAt([...state, emailVerified("v1", hour)])).toBe(day)
    const again = given(...state, removed(2 * day))
      .when(add("v2", 3 * day))
      .happened(added(3 * day), requested("v2", 3 * day))
    expect(view(senderId, again.state)).toMatchObject({
      addedAt: t0 + 3 * day,
      updatedAt: t0 + 3 * day,
      incarnation: 2
    })
  })
})
