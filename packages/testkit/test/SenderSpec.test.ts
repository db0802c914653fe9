import {
  AccountId,
  CanonicalAddress,
  DomainName,
  makeDnsPlan,
  type SenderCommand,
  type SenderEvent
} from "@countersign/core"
import { describe, expect, it } from "vitest"
import { given } from "../src/index.ts"

const at = Date.UTC(2030, 0, 1)
const facts = {
  at,
  account: AccountId.make("acc-1"),
  owner: { _tag: "Account" },
  kind: "email",
  address: "ana@example.com",
  canonical: CanonicalAddress.make("ana@example.com"),
  domain: DomainName.make("example.com"),
  plan: makeDnsPlan("example.com", ["t1"], "dkim.example.net"),
  metadata: {},
  notifyAccount: false
} as const
const add: SenderCommand = { _tag: "AddSender", ...facts, verificationId: "v-1" }
const added: SenderEvent = { _tag: "SenderAdded", ...facts }
const day = 24 * 60 * 60 * 1_000
const requested: SenderEvent = {
  _tag: "VerificationRequested",
  at,
  verificationId: "v-1",
  notBefore: at,
  expiresAt: at + day
}
const confirm: SenderCommand = { _tag: "ConfirmLink", at, verificationId: "v-1" }
const confirmed: SenderEvent = { _tag: "EmailVerified", at, verificationId: "v-1" }

describe("given, when, then", () => {
  it("tells a story through all three ends of a command", () => {
    const end = given()
      .when(confirm)
      .rejected({ _tag: "SenderNotFound" })
      .when(add)
      .happened(added, requested)
      .when(confirm)
      .happened(confirmed)
      .when(confirm)
      .unchanged("already-verified")
    expect(end.events).toEqual([added, requested, confirmed])
    expect(end.state).toMatchObject({ _tag: "Sender", mailbox: "verified" })
  })

  it("throws, with the story, when other events happen, or fewer, or none", () => {
    const story = /given SenderAdded, VerificationRequested\s+when ConfirmLink/
    const when = () => given(added, requested).when(confirm)
    expect(() => when().happened({ ...confirmed, at: at + 1 })).toThrow(story)
    expect(() => when().happened(confirmed, confirmed)).toThrow(story)
    expect(() => when().unchanged("already-verified")).toThrow(story)
    expect(() => when().rejected({ _tag: "LinkVoid" })).toThrow(story)
    expect(() => given().when(add).happened(added)).toThrow(/given nothing\s+when AddSender/)
  })

  it("throws when nothing happens for another reason", () => {
    const when = () => given(added, requested, confirmed).when(confirm)
    expect(() => when().unchanged("already-there")).toThrow()
    expect(() => when().happened(confirmed)).toThrow()
    expect(() => given().when(confirm).rejected({ _tag: "LinkVoid" })).toThrow()
  })
})
