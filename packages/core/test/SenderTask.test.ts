import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { DomainName } from "../src/DomainName.ts"
import { AccountId } from "../src/Owner.ts"
import { fold } from "../src/Sender.ts"
import type { SenderEvent } from "../src/SenderEvent.ts"
import { type NewTask, probeKey, probeTask, react, taskPayloads } from "../src/SenderTask.ts"
import * as examples from "./SenderExamples.ts"
import { added, day, minute, removed, requested, senderId, t0, wholeDomain } from "./SenderExamples.ts"

/** The tasks of the last of the events. */
const tasksOf = (...events: ReadonlyArray<SenderEvent>): ReadonlyArray<NewTask> => {
  const state = fold(events)
  const last = events.at(-1)
  if (state._tag === "NotAdded" || last === undefined) throw new Error("no sender")
  return react(senderId, state, last)
}

const probe = {
  kind: "probe",
  key: "probe:example.com:account-1",
  due: t0,
  spacing: 2_000,
  payload: { account: "account-1", domain: "example.com" }
}

describe("the work that follows from", () => {
  it("SenderAdded is one probe of the domain, which adds within 2 s share", () => {
    expect(tasksOf(added())).toStrictEqual([probe])
    expect(tasksOf(added(0, wholeDomain))).toStrictEqual([probe])
    expect(tasksOf(added(), removed(1), added(minute))).toStrictEqual([{ ...probe, due: t0 + minute }])
  })

  it("SenderAdded is a notice to the account, too, when it wants one", () => {
    const notice = {
      kind: "account-notice",
      key: undefined,
      due: t0,
      spacing: 0,
      payload: { sender: "s1", incarnation: 1 }
    }
    expect(tasksOf(added(0, { notifyAccount: true }))).toStrictEqual([probe, notice])
  })

  it("VerificationRequested is the mail, not before its time, and the end of the link", () => {
    const payload = { sender: "s1", incarnation: 1, verificationId: "v1" }
    expect(tasksOf(added(), requested("v1", 0, minute))).toStrictEqual([
      { kind: "verification-mail", key: undefined, due: t0 + minute, spacing: 0, payload },
      { kind: "link-expiry", key: undefined, due: t0 + minute + day, spacing: 0, payload }
    ])
  })

  it("VerificationRequested of a later life names that life", () => {
    for (const { payload } of tasksOf(added(), removed(1), added(2), requested("v2", 2))) {
      expect(payload).toStrictEqual({ sender: "s1", incarnation: 2, verificationId: "v2" })
    }
  })

  it.each([
    examples.mailSent("v1", 1),
    examples.mailFailed("v1", 1),
    examples.emailVerified("v1", 1),
    examples.declined("v1", 1),
    examples.expired("v1", 1),
    examples.domainVerified(1),
    examples.problemFound(1, "no name"),
    examples.timedOut(1),
    examples.degraded(1, "no name"),
    examples.recovered(1),
    examples.lost(1, "no name"),
    removed(1)
  ])("$_tag is nothing", (event) => {
    expect(tasksOf(added(), requested("v1"), event)).toStrictEqual([])
  })
})

describe("a task", () => {
  it("has a payload that is stored as JSON and read back", () => {
    for (const task of [...tasksOf(added(0, { notifyAccount: true })), ...tasksOf(added(), requested("v1"))]) {
      const schema = Schema.fromJsonString(Schema.toCodecJson<Schema.Codec<unknown>>(taskPayloads[task.kind]))
      expect(Schema.decodeUnknownSync(schema)(JSON.stringify(task.payload))).toStrictEqual(task.payload)
    }
  })

  it("that probes has a key of its account and domain", () => {
    const [account, domain] = [AccountId.make("a"), DomainName.make("example.com")]
    expect(probeKey(account, domain)).not.toBe(probeKey(AccountId.make("b"), domain))
    expect(probeTask(account, domain, 7, 9)).toStrictEqual({
      kind: "probe",
      key: probeKey(account, domain),
      due: 7,
      spacing: 9,
      payload: { account: "a", domain: "example.com" }
    })
  })
})
