import { expect, it } from "vitest"
import { domainVerificationWord, emailVerificationWord } from "../src/space-invoices/Words.ts"

it("says the words of the dialect for every state of the mailbox and the domain", () => {
  expect(emailVerificationWord).toEqual({
    "not-needed": "SUCCESS",
    pending: "PENDING",
    verified: "SUCCESS",
    expired: "FAILED",
    declined: "FAILED",
    undeliverable: "FAILED"
  })
  expect(domainVerificationWord).toEqual({
    pending: "PENDING",
    verified: "SUCCESS",
    degraded: "TEMPORARY_FAILURE",
    "timed-out": "FAILED",
    lost: "FAILED"
  })
})
