import { isDeepStrictEqual } from "node:util"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { senderEventFields } from "../src/SenderEvent.ts"
import {
  decodeEvent,
  type EncodedEvent,
  EventUndecodable,
  encodeEvent,
  schemaVersions
} from "../src/SenderEventCodec.ts"
import { added, mailFailed, removed, t0, wholeDomain } from "./SenderExamples.ts"

const problemOf = (encoded: EncodedEvent): string => {
  const result = decodeEvent(encoded)
  if (Result.isSuccess(result)) return "none"
  expect(result.failure).toBeInstanceOf(EventUndecodable)
  expect(result.failure).toMatchObject({ type: encoded.type, schemaVersion: encoded.schemaVersion })
  expect(result.failure.message).toContain(encoded.type)
  return result.failure.problem
}

const good = encodeEvent(removed(0))

describe("a stored event", () => {
  it("is its type, its version and the rest as JSON", () => {
    expect(good).toStrictEqual({
      type: "SenderRemoved",
      schemaVersion: 1,
      data: `{"at":${t0},"reason":"by its owner"}`
    })
  })

  it("has a version for every type", () => {
    expect(Object.keys(schemaVersions).sort()).toEqual(Object.keys(senderEventFields).sort())
  })

  it.each([
    added(0, wholeDomain),
    added(0, { metadata: JSON.parse('{"__proto__":{"a":1},"constructor":[null,true,"\\ud800"],"":1.5}') }),
    mailFailed("v1", 1)
  ])("is read back as it was: $_tag", (event) => {
    // Not toStrictEqual, which takes a key named `constructor` for the class of an object.
    expect(isDeepStrictEqual(Result.getOrThrow(decodeEvent(encodeEvent(event))), event)).toBe(true)
  })

  it("is read by its type column, whatever the data says", () => {
    const data = JSON.stringify({ at: 1, verificationId: "v1", _tag: "EmailVerified" })
    expect(decodeEvent({ type: "VerificationExpired", schemaVersion: 1, data })).toStrictEqual(
      Result.succeed({ _tag: "VerificationExpired", at: 1, verificationId: "v1" })
    )
  })
})

describe("what cannot be read is an error", () => {
  it.each(["SenderRenamed", "", "senderremoved", "toString", "__proto__", "constructor"])("of the type %j", (type) => {
    expect(problemOf({ ...good, type })).toBe("the type is unknown")
  })

  it("of a newer version", () => {
    expect(problemOf({ ...good, schemaVersion: 2 })).toBe("this program knows versions up to 1")
  })

  it.each([0, -1])("of a version that never was: %i", (schemaVersion) => {
    expect(problemOf({ ...good, schemaVersion })).toBe(`nothing lifts version ${schemaVersion}`)
  })

  it.each(["", "{", '{"at":1', "null", "[]", "7", '"SenderRemoved"', "undefined"])("of the data %j", (data) => {
    expect(problemOf({ ...good, data })).not.toBe("none")
  })

  it.each([
    ["SenderRemoved", {}],
    ["SenderRemoved", { at: 1 }],
    ["SenderRemoved", { at: "1", reason: "" }],
    ["SenderRemoved", { at: null, reason: "" }],
    ["VerificationRequested", { at: 1, verificationId: "v1", expiresAt: 2 }],
    ["VerificationMailFailed", { at: 1, verificationId: "v1", reason: "", permanent: "yes" }],
    ["SenderAdded", { ...added(), kind: "robot" }],
    ["SenderAdded", { ...added(), owner: { _tag: "Organization", organization: "" } }],
    ["SenderAdded", { ...added(), owner: { _tag: "Nobody" } }],
    ["SenderAdded", { ...added(), plan: { zone: "z", tokens: [], records: [{ type: "A", name: "a", value: "b" }] } }],
    ["DomainVerified", { at: 1, evidence: [{ name: "a", servers: [], outcome: "maybe", targets: [], others: [] }] }],
    ["DomainProblemFound", { at: 1, evidence: [], verdicts: [{ name: "a", verdict: "bad", found: [] }] }]
  ])("of a %s with the wrong data", (type, data) => {
    expect(problemOf({ type, schemaVersion: 1, data: JSON.stringify(data) })).not.toBe("none")
  })
})
