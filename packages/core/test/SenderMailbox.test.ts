import { given } from "@countersign/testkit"
import { describe, expect, it } from "vitest"
import {
  add,
  added,
  confirm,
  day,
  decline,
  declined,
  degraded,
  domainVerified,
  emailVerified,
  expire,
  expired,
  hour,
  lost,
  mailFailed,
  mailSent,
  minute,
  recordFailed,
  recordSent,
  remove,
  removed,
  request,
  requested,
  second,
  t0,
  wholeDomain
} from "./SenderExamples.ts"

const issued = [added(), requested("v1")]
const sent = [...issued, mailSent("v1", second)]

describe("a link", () => {
  it("is confirmed by a click, and a second one says that it was", () => {
    given(...sent)
      .when(confirm("v1", hour))
      .happened(emailVerified("v1", hour))
      .when(confirm("v1", hour))
      .unchanged("already-verified")
  })

  it("may be clicked before the outcome of its mail is recorded, which comes in later", () => {
    given(...issued)
      .when(confirm("v1", second))
      .happened(emailVerified("v1", second))
      .when(recordSent("v1", minute))
      .happened(mailSent("v1", minute))
      .when(recordSent("v1", minute))
      .unchanged("already-recorded")
  })

  it.each([confirm, decline])("of nobody is refused", (answer) => {
    given().when(answer("v1", 0)).rejected({ _tag: "SenderNotFound" })
    given(...sent)
      .when(answer("foreign", hour))
      .rejected({ _tag: "LinkVoid" })
    given(added(0, wholeDomain)).when(answer("v1", 0)).rejected({ _tag: "LinkVoid" })
  })

  it.each([confirm, decline])("is void as soon as there is a newer one", (answer) => {
    const newer = given(...sent, requested("v2", 2 * minute))
    newer.when(answer("v1", 3 * minute)).rejected({ _tag: "LinkVoid" })
    given(...sent, requested("v2", 2 * minute), emailVerified("v2", 3 * minute))
      .when(answer("v1", 4 * minute))
      .rejected({ _tag: "LinkVoid" })
    expect(
      newer
        .when(answer("v2", 3 * minute))
        .happened(answer === confirm ? emailVerified("v2", 3 * minute) : declined("v2", 3 * minute)).events
    ).toHaveLength(5)
  })

  it.each([confirm, decline])(
    "lives 24 h from the sending of its mail, whether or not the expiry was written down",
    (answer) => {
      given(...sent)
        .when(answer("v1", second + day))
        .rejected({ _tag: "LinkExpired" })
      given(...sent)
        .when(answer("v1", 40 * day))
        .rejected({ _tag: "LinkExpired" })
      given(...sent, expired("v1", second + day))
        .when(answer("v1", 2 * day))
        .rejected({ _tag: "LinkExpired" })
      // The clock was put back after the expiry was written.
      given(...sent, expired("v1", second + day))
        .when(answer("v1", hour))
        .rejected({ _tag: "LinkExpired" })
      given(...sent)
        .when(answer("v1", second + day - 1))
        .happened(answer === confirm ? emailVerified("v1", second + day - 1) : declined("v1", second + day - 1))
    }
  )

  it("lives 24 h from the time its mail may go out, as long as it was not sent", () => {
    given(...issued)
      .when(confirm("v1", day))
      .rejected({ _tag: "LinkExpired" })
    given(...issued)
      .when(confirm("v1", day - 1))
      .happened(emailVerified("v1", day - 1))
  })
})

describe("expiry", () => {
  it("is written down when the time is over, once", () => {
    given(...sent)
      .when(expire("v1", second + day))
      .happened(expired("v1", second + day))
      .when(expire("v1", second + day))
      .unchanged("stale")
  })

  it("comes too early as long as the time is not over, be it that the mail went out late", () => {
    given(...sent)
      .when(expire("v1", second + day - 1))
      .unchanged("not-yet")
    given(...issued, mailSent("v1", hour))
      .when(expire("v1", day))
      .unchanged("not-yet")
  })

  it.each([
    ["a link with a newer one", [...sent, requested("v2", hour)]],
    ["a confirmed link", [...sent, emailVerified("v1", hour)]],
    ["a declined link", [...sent, declined("v1", hour)]],
    ["an undeliverable link", [...issued, mailFailed("v1", hour)]]
  ])("of %s is stale", (_, events) => {
    given(...events)
      .when(expire("v1", 2 * day))
      .unchanged("stale")
  })
})

describe("what the mail server said", () => {
  it("is recorded once", () => {
    given(...issued)
      .when(recordSent("v1", second))
      .happened(mailSent("v1", second))
      .when(recordSent("v1", minute))
      .unchanged("already-recorded")
  })

  it("makes the mailbox undeliverable when it is for good", () => {
    const failed = given(...issued)
      .when(recordFailed("v1", second))
      .happened(mailFailed("v1", second))
    expect(failed.state).toMatchObject({
      mailbox: "undeliverable",
      link: { failure: { reason: "550 no such mailbox", permanent: true } }
    })
    failed.when(recordFailed("v1", second)).unchanged("stale")
  })

  it("is remembered of a mail that was given up, and the mailbox stays pending", () => {
    const failed = given(...issued)
      .when(recordFailed("v1", second, false))
      .happened(mailFailed("v1", second, false))
    expect(failed.state).toMatchObject({ mailbox: "pending" })
    failed.when(recordFailed("v1", second, false)).unchanged("already-recorded")
    failed.when(recordFailed("v1", minute, true)).happened(mailFailed("v1", minute, true))
    expect(failed.when(recordSent("v1", minute)).happened(mailSent("v1", minute)).state).toMatchObject({
      link: { failure: undefined }
    })
  })

  it("does not matter of a permanent failure after the click, or after the sending", () => {
    given(...issued, emailVerified("v1", second))
      .when(recordFailed("v1", minute))
      .unchanged("stale")
    given(...sent, emailVerified("v1", minute))
      .when(recordFailed("v1", hour))
      .unchanged("stale")
    given(...sent)
      .when(recordFailed("v1", hour))
      .unchanged("stale")
  })

  it("a click on the current link after a mail failure verifies", () => {
    given(...issued, mailFailed("v1", second))
      .when(confirm("v1", minute))
      .happened(emailVerified("v1", minute))
    given(...issued, mailFailed("v1", second, false))
      .when(confirm("v1", minute))
      .happened(emailVerified("v1", minute))
    given(...issued, mailFailed("v1", second))
      .when(confirm("v1", day))
      .rejected({ _tag: "LinkExpired" })
    given(...issued, mailFailed("v1", second))
      .when(decline("v1", minute))
      .happened(declined("v1", minute))
  })

  it.each([
    ["of an older link", [...issued, requested("v2", hour)]],
    ["of an expired link", [...issued, expired("v1", day)]],
    ["of a declined link", [...issued, declined("v1", second)]],
    ["of a removed sender", [...issued, removed(second)]]
  ])("is stale %s", (_, events) => {
    given(...events)
      .when(recordSent("v1", 2 * hour))
      .unchanged("stale")
    given(...events)
      .when(recordFailed("v1", 2 * hour))
      .unchanged("stale")
    given(...events)
      .when(recordFailed("v1", 2 * hour, false))
      .unchanged("stale")
  })
})

describe("a new link", () => {
  it.each([
    ["pending", sent],
    ["expired", [...sent, expired("v1", 2 * minute)]],
    ["undeliverable", [...issued, mailFailed("v1", second)]],
    ["pending, the domain verified", [...sent, domainVerified(second)]]
  ])("is issued while the mailbox is %s", (_, events) => {
    const after = given(...events)
      .when(request("v2", 3 * minute))
      .happened(requested("v2", 3 * minute))
    expect(after.state).toMatchObject({ mailbox: "pending", link: { verificationId: "v2", failure: undefined } })
    after.when(request("v2", 3 * minute)).unchanged("already-requested")
  })

  it.each([
    ["a verified mailbox", [...sent, emailVerified("v1", minute)]],
    [
      "a verified mailbox on a lost domain",
      [...sent, emailVerified("v1", 1), domainVerified(1), degraded(2, "no name"), lost(3, "no name")]
    ],
    ["a whole domain", [added(0, wholeDomain)]]
  ])("is not needed for %s", (_, events) => {
    given(...events)
      .when(request("v2", hour))
      .unchanged("already-verified")
  })

  it("is refused for a sender that is not there", () => {
    given().when(request("v1", 0)).rejected({ _tag: "SenderNotFound" })
  })

  it("waits 60 s after the one before", () => {
    given(...sent)
      .when(request("v2", 0))
      .rejected({ _tag: "TooSoon", retryAfter: minute })
    given(...sent)
      .when(request("v2", minute - 1))
      .rejected({ _tag: "TooSoon", retryAfter: 1 })
    given(...sent)
      .when(request("v2", minute))
      .happened(requested("v2", minute))
  })

  it("waits longer when the clock was put back, and is never issued early", () => {
    given(...sent)
      .when(request("v2", -hour))
      .rejected({ _tag: "TooSoon", retryAfter: hour + minute })
  })
})

describe("the cool-down across removal", () => {
  const gone = [...sent, removed(5 * second)]

  it("makes the mail of an added sender wait, and refuses no add", () => {
    given(...gone)
      .when(add("v2", 10 * second))
      .happened(added(10 * second), requested("v2", 10 * second, 50 * second))
  })

  it("is over after 60 s", () => {
    given(...gone)
      .when(add("v2", minute))
      .happened(added(minute), requested("v2", minute))
  })

  it("does not grow by a mail that never went out", () => {
    given(...gone)
      .when(add("v2", 10 * second))
      .happened(added(10 * second), requested("v2", 10 * second, 50 * second))
      .when(remove(20 * second))
      .happened(removed(20 * second))
      .when(add("v3", 30 * second))
      .happened(added(30 * second), requested("v3", 30 * second, 30 * second))
  })

  it("runs for a requested link from the time that mail may go out", () => {
    const again = given(...gone, added(10 * second), requested("v2", 10 * second, 50 * second))
    again.when(request("v3", 70 * second)).rejected({ _tag: "TooSoon", retryAfter: 50 * second })
    again.when(request("v3", 2 * minute)).happened(requested("v3", 2 * minute))
  })

  it("is kept across a life without a link of its own", () => {
    given(...sent, removed(2 * second), added(3 * second, { declinedUntil: t0 + 4 * second }), removed(4 * second))
      .when(add("v2", 5 * second))
      .happened(added(5 * second), requested("v2", 5 * second, 55 * second))
  })
})

describe("a decline", () => {
  const no = [...sent, declined("v1", hour)]
  const end = hour + 30 * day

  it("kills the link, and is said once", () => {
    const after = given(...sent)
      .when(decline("v1", hour))
      .happened(declined("v1", hour))
    after.when(decline("v1", hour)).unchanged("already-declined")
    after.when(confirm("v1", 2 * hour)).rejected({ _tag: "LinkDeclined" })
    expect(after.state).toMatchObject({ mailbox: "declined" })
  })

  it("comes too late after the click", () => {
    given(...sent, emailVerified("v1", hour))
      .when(decline("v1", 2 * hour))
      .unchanged("already-verified")
  })

  it.each([
    ["this sender", no],
    ["another sender of the address", sent]
  ])("of %s keeps new links away as long as the mailbox knows it", (_, events) => {
    given(...events)
      .when(request("v2", 2 * hour, end))
      .rejected({ _tag: "TooSoon", retryAfter: end - 2 * hour })
    given(...events)
      .when(request("v2", end - 1, end))
      .rejected({ _tag: "TooSoon", retryAfter: 1 })
    given(...events)
      .when(request("v2", end, end))
      .happened(requested("v2", end))
  })

  it("that was lifted keeps nothing away: the mailbox alone knows", () => {
    const after = given(...no)
      .when(request("v2", 2 * hour))
      .happened(requested("v2", 2 * hour))
    expect(after.state).toMatchObject({ mailbox: "pending", link: { verificationId: "v2" } })
    given(...no, removed(2 * hour))
      .when(add("v2", 3 * hour))
      .happened(added(3 * hour), requested("v2", 3 * hour))
  })

  it("does not shorten the wait after the link before", () => {
    given(...sent)
      .when(request("v2", 30 * second, 31 * second))
      .rejected({ _tag: "TooSoon", retryAfter: 30 * second })
  })

  it("is shown when the sender is removed and added again: no mail", () => {
    const declinedUntil = t0 + end
    const again = given(...no, removed(2 * hour))
      .when(add("v2", 3 * hour, { declinedUntil }))
      .happened(added(3 * hour, { declinedUntil }))
    expect(again.state).toMatchObject({ mailbox: "declined", link: undefined, incarnation: 2 })
    again.when(request("v3", 4 * hour, end)).rejected({ _tag: "TooSoon", retryAfter: end - 4 * hour })
    again.when(confirm("v1", 4 * hour)).rejected({ _tag: "LinkVoid" })
    again.when(request("v3", end)).happened(requested("v3", end))
  })

  it("is over for an add at its end", () => {
    const declinedUntil = t0 + end
    given(...no, removed(2 * hour))
      .when(add("v2", end - 1, { declinedUntil }))
      .happened(added(end - 1, { declinedUntil }))
    const after = given(...no, removed(2 * hour))
      .when(add("v2", end, { declinedUntil }))
      .happened(added(end, { declinedUntil }), requested("v2", end))
    expect(after.state).toMatchObject({ mailbox: "pending" })
  })

  it("says nothing about the domain", () => {
    const whole = { ...wholeDomain, declinedUntil: t0 + end }
    expect(
      given(...no, removed(day))
        .when(add("v2", 2 * day, whole))
        .happened(added(2 * day, whole)).state
    ).toMatchObject({ mailbox: "not-needed" })
  })
})
