import { given } from "@countersign/testkit"
import { describe, expect, it } from "vitest"
import { fold, isLive, type Sender } from "../src/Sender.ts"
import {
  add,
  added,
  confirm,
  day,
  declined,
  degraded,
  domainVerified,
  elsewhere,
  emailVerified,
  expire,
  hour,
  lost,
  mailSent,
  minute,
  negatives,
  probe,
  recordFailed,
  recordSent,
  remove,
  removed,
  request,
  requested,
  saw,
  second,
  t0,
  timedOut,
  wholeDomain
} from "./SenderExamples.ts"

const live = (...events: Parameters<typeof fold>[0] extends Iterable<infer E> ? Array<E> : never): Sender => {
  const state = fold(events)
  if (!isLive(state)) throw new Error("not live")
  return state
}

describe("adding", () => {
  it("begins an incarnation and issues a link", () => {
    given().when(add("v1")).happened(added(), requested("v1"))
  })

  it("issues no link for a whole domain: it has no mailbox to ask", () => {
    given()
      .when(add("v1", 0, wholeDomain))
      .happened(added(0, wholeDomain))
  })

  it("verifies the domain at once when the account has proven it before", () => {
    given()
      .when(add("v1", 0, { proven: { from: elsewhere, proof: saw() } }))
      .happened(added(), requested("v1"), { ...domainVerified(0), inheritedFrom: elsewhere })
    given()
      .when(add("v1", 0, { ...wholeDomain, proven: { from: elsewhere, proof: saw() } }))
      .happened(added(0, wholeDomain), { ...domainVerified(0), inheritedFrom: elsewhere })
  })

  it("is degraded at once when the account's domain is, by the negatives of that one", () => {
    const degradedBy = negatives(-day, ["no name"])
    given()
      .when(add("v1", 0, { proven: { from: elsewhere, proof: saw(), degradedBy } }))
      .happened(
        added(),
        requested("v1"),
        { ...domainVerified(0), inheritedFrom: elsewhere },
        { _tag: "DomainDegraded", at: t0, negatives: degradedBy, inheritedFrom: elsewhere }
      )
  })

  it("gets no link while the mailbox owner wants no mail from the account", () => {
    const declinedUntil = t0 + hour
    const there = given().when(add("v1", 0, { declinedUntil }))
    there.happened({ ...added(), declinedUntil })
    expect(live({ ...added(), declinedUntil }).mailbox).toBe("declined")
  })

  it("of a live sender answers that it is there, whatever is given", () => {
    const there = given(added(), requested("v1"))
    there.when(add("v1")).unchanged("already-there")
    there.when(add("v2", hour)).unchanged("already-there")
    there.when(add("v2", hour, { address: "JANE@example.com", metadata: {} })).unchanged("already-there")
    there.when(add("v2", hour, { proven: { from: elsewhere, proof: saw() } })).unchanged("already-there")
  })

  it("keeps the spelling of the one who added it", () => {
    expect(live(added(), requested("v1")).address).toBe("Jane@example.com")
  })
})

describe("removing", () => {
  it("ends the incarnation, once", () => {
    given(added(), requested("v1")).when(remove(hour)).happened(removed(hour)).when(remove(hour)).unchanged("not-there")
  })

  it("of what was never added does nothing", () => {
    given().when(remove(0)).unchanged("not-there")
  })

  const gone = given(added(), requested("v1"), mailSent("v1", second), domainVerified(minute), removed(hour))

  it("kills the link", () => {
    gone.when(confirm("v1", hour)).rejected({ _tag: "SenderNotFound" })
    gone.when(request("v2", 2 * hour)).rejected({ _tag: "SenderNotFound" })
  })

  it.each([
    recordSent("v1", 2 * hour),
    recordFailed("v1", 2 * hour),
    expire("v1", 3 * day),
    probe(2 * hour, []),
    probe(9 * day, ["no name"])
  ])("makes $_tag stale", (outcome) => {
    gone.when(outcome).unchanged("stale")
  })

  it("does not hear of events that come after it", () => {
    const after = fold([emailVerified("v1", 2 * hour), degraded(2 * hour, "no name")], gone.state)
    expect(after).toBe(gone.state)
  })
})

describe("adding again", () => {
  const before = [added(), requested("v1"), mailSent("v1", 0), emailVerified("v1", minute), domainVerified(minute)]

  it("continues the stream with both axes reset and what is given now", () => {
    const after = given(...before, removed(hour))
      .when(add("v2", 2 * hour, { address: "jane@example.com", metadata: { customer: "43" }, notifyAccount: true }))
      .happened(
        added(2 * hour, { address: "jane@example.com", metadata: { customer: "43" }, notifyAccount: true }),
        requested("v2", 2 * hour)
      )
    expect(after.state).toMatchObject({
      removed: false,
      incarnation: 2,
      address: "jane@example.com",
      metadata: { customer: "43" },
      notifyAccount: true,
      addedAt: t0 + 2 * hour,
      updatedAt: t0 + 2 * hour,
      mailbox: "pending",
      domainState: "pending",
      domainSince: t0 + 2 * hour,
      verdicts: [],
      evidence: [],
      proof: [],
      negatives: []
    })
  })

  it("leaves the old link void", () => {
    const again = given(...before.slice(0, 3), removed(hour), added(2 * hour), requested("v2", 2 * hour))
    again.when(confirm("v1", 2 * hour)).rejected({ _tag: "LinkVoid" })
    again.when(confirm("v2", 2 * hour)).happened(emailVerified("v2", 2 * hour))
  })

  const again = given(...before, removed(hour), added(2 * hour), requested("v2", 2 * hour))
  it.each([
    recordSent("v1", 3 * hour, 1),
    recordSent("v2", 3 * hour, 1),
    recordSent("v1", 3 * hour, 2),
    recordSent("v2", 3 * hour, 3),
    recordFailed("v1", 3 * hour, true, 1),
    recordFailed("v2", 3 * hour, true, 1),
    recordFailed("v1", 3 * hour, true, 2),
    expire("v1", 3 * day, 1),
    expire("v2", 3 * day, 1),
    expire("v1", 3 * day, 2),
    probe(3 * hour, [], { incarnation: 1 }),
    probe(9 * day, ["no name"], { incarnation: 1 }),
    probe(3 * hour, [], { incarnation: 3 })
  ])("makes an outcome of another incarnation or link stale: $_tag $incarnation", (outcome) => {
    again.when(outcome).unchanged("stale")
  })

  it("takes the outcomes of its own", () => {
    again.when(recordSent("v2", 3 * hour, 2)).happened(mailSent("v2", 3 * hour))
    again.when(probe(3 * hour, [], { incarnation: 2 })).happened(domainVerified(3 * hour))
  })
})

describe("what an event means", () => {
  const beginning = [added(), requested("v1")]
  const up = [...beginning, domainVerified(minute)]
  const rows = [
    ["SenderAdded", [added()], { mailbox: "pending", domainState: "pending", incarnation: 1, removed: false }],
    ["SenderAdded of a domain", [added(0, wholeDomain)], { mailbox: "not-needed", domainState: "pending" }],
    [
      "VerificationRequested",
      [...beginning, requested("v2", hour, minute)],
      {
        mailbox: "pending",
        lastMailFrom: t0 + hour + minute,
        link: { verificationId: "v2", expiresAt: t0 + hour + minute + day, sentAt: undefined, failure: undefined }
      }
    ],
    [
      "VerificationMailSent",
      [...beginning, mailSent("v1", hour)],
      { link: { verificationId: "v1", expiresAt: t0 + hour + day, sentAt: t0 + hour, failure: undefined } }
    ],
    ["VerificationMailSent of another link", [...beginning, mailSent("v0", hour)], { link: live(...beginning).link }],
    ["EmailVerified", [...beginning, emailVerified("v1", hour)], { mailbox: "verified" }],
    ["VerificationDeclined", [...beginning, declined("v1", hour)], { mailbox: "declined" }],
    [
      "DomainVerified",
      up,
      { domainState: "verified", domainSince: t0 + minute, verdicts: [], evidence: saw(), proof: saw(), negatives: [] }
    ],
    [
      "DomainDegraded",
      [...up, degraded(hour, "no name")],
      {
        domainState: "degraded",
        domainSince: t0 + hour,
        evidence: saw("no name"),
        negatives: negatives(hour, ["no name"])
      }
    ],
    [
      "DomainVerificationLost",
      [...up, degraded(hour, "no name"), lost(4 * day, "no data")],
      {
        domainState: "lost",
        domainSince: t0 + 4 * day,
        evidence: saw("no data"),
        negatives: negatives(4 * day, ["no data"], { count: 1 })
      }
    ],
    ["DomainVerificationTimedOut", [...beginning, timedOut(3 * day)], { domainState: "timed-out" }],
    ["SenderRemoved", [...beginning, removed(hour)], { removed: true, updatedAt: t0 + hour }]
  ] as const

  it.each(rows)("%s", (_, events, meaning) => {
    expect(fold(events)).toMatchObject(meaning)
  })
})
