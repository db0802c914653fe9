import { isDeepStrictEqual } from "node:util"
import { Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { senderDecider } from "../src/Deciders.ts"
import { type EncodedEvent, EventUndecodable, makeEventCodec } from "../src/EventCodec.ts"
import { mailboxDecider, mailboxEventFields } from "../src/Mailbox.ts"
import { senderEventFields } from "../src/SenderEvent.ts"
import { added, mailFailed, removed, t0, wholeDomain } from "./SenderExamples.ts"

const { encode, decode } = senderDecider.codec

const problemOf = (
  encoded: EncodedEvent,
  read: (stored: EncodedEvent) => Result.Result<unknown, EventUndecodable> = decode
): string => {
  const result = read(encoded)
  if (Result.isSuccess(result)) return "none"
  expect(result.failure).toBeInstanceOf(EventUndecodable)
  expect(result.failure).toMatchObject({ type: encoded.type, schemaVersion: encoded.schemaVersion })
  expect(result.failure.message).toContain(encoded.type)
  return result.failure.problem
}

const good = encode(removed(0))

describe("a stored event", () => {
  it("is its type, its version and the rest as JSON", () => {
    expect(good).toStrictEqual({
      type: "SenderRemoved",
      schemaVersion: 1,
      data: `{"at":${t0},"reason":"by its owner"}`
    })
  })

  it("has a version for every type", () => {
    expect(Object.keys(senderDecider.codec.versions).sort()).toEqual(Object.keys(senderEventFields).sort())
    expect(Object.keys(mailboxDecider.codec.versions).sort()).toEqual(Object.keys(mailboxEventFields).sort())
  })

  it.each([
    added(0, wholeDomain),
    added(0, { metadata: JSON.parse('{"__proto__":{"a":1},"constructor":[null,true,"\\ud800"],"":1.5}') }),
    mailFailed("v1", 1)
  ])("is read back as it was: $_tag", (event) => {
    // Not toStrictEqual, which takes a key named `constructor` for the class of an object.
    expect(isDeepStrictEqual(Result.getOrThrow(decode(encode(event))), event)).toBe(true)
  })

  it("is read by its type column, whatever the data says", () => {
    const data = JSON.stringify({ at: 1, verificationId: "v1", _tag: "EmailVerified" })
    expect(decode({ type: "VerificationExpired", schemaVersion: 1, data })).toStrictEqual(
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

describe("an event of an older version", () => {
  const Moved = Schema.TaggedUnion({ Moved: { at: Schema.Number, to: Schema.String, by: Schema.String }, Left: {} })
  // Version 1 said where in capitals and version 2 did not say who.
  const upcasters = {
    "Moved@1": ({ TO, ...data }: { readonly [key: string]: unknown }) => ({ ...data, to: TO }),
    "Moved@2": (data: { readonly [key: string]: unknown }) => ({ ...data, by: `unknown of ${data.to}` })
  }
  const codec = makeEventCodec(Moved, { Moved: 3, Left: 1 }, upcasters)
  const stored = (schemaVersion: number, data: object): EncodedEvent => ({
    type: "Moved",
    schemaVersion,
    data: JSON.stringify(data)
  })
  const moved = { _tag: "Moved", at: 1, to: "b", by: "unknown of b" } as const

  it("is lifted step by step, from whichever version it has", () => {
    expect(codec.decode(stored(1, { at: 1, TO: "b" }))).toStrictEqual(Result.succeed(moved))
    expect(codec.decode(stored(2, { at: 1, to: "b" }))).toStrictEqual(Result.succeed(moved))
    expect(codec.decode(stored(3, { at: 1, to: "b", by: "me" }))).toStrictEqual(Result.succeed({ ...moved, by: "me" }))
  })

  it("is written in the newest version of its own type", () => {
    expect(codec.encode(moved)).toStrictEqual(stored(3, { at: 1, to: "b", by: "unknown of b" }))
    expect(codec.encode({ _tag: "Left" })).toStrictEqual({ type: "Left", schemaVersion: 1, data: "{}" })
  })

  it("is an error when a step is missing, or what is lifted has another shape", () => {
    const gap = makeEventCodec(Moved, { Moved: 3, Left: 1 }, { "Moved@1": upcasters["Moved@1"] })
    expect(problemOf(stored(1, { at: 1, TO: "b" }), gap.decode)).toBe("nothing lifts version 2")
    expect(problemOf(stored(4, moved), codec.decode)).toBe("this program knows versions up to 3")
    expect(problemOf(stored(1, { at: 1, to: "b" }), codec.decode)).toContain("to")
  })
})
