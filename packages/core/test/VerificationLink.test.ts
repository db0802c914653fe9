import { inspect } from "node:util"
import { Brand, Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CanonicalAddress } from "../src/EmailAddress.ts"
import { makeIdentity, SenderId } from "../src/Identity.ts"
import { AccountId } from "../src/Owner.ts"
import type { LinkSecrets } from "../src/SettingRules.ts"
import {
  checkLink,
  type LinkSubject,
  makeLinkKeys,
  type ParsedLink,
  readLink,
  signLink
} from "../src/VerificationLink.ts"

const secretsOf = Brand.nominal<LinkSecrets>()
const linkKeysOf = (secrets: readonly [string, ...ReadonlyArray<string>]) => makeLinkKeys(secretsOf(secrets))
const newSecret = "a new secret that is long enough"
const oldSecret = "an old secret that is long enough"
const keys = linkKeysOf(["correct horse battery staple again and again"])
const jane: LinkSubject = {
  senderId: SenderId.make("68e98dca-127b-8e57-b081-015da7377dd4"),
  verificationId: "0190b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b",
  canonical: CanonicalAddress.make("jane@example.com")
}
const janesToken = "AYklcPxo6Y3KEnuOV7CBAV2nN33UAZCxwtPkf1aKmwwdLj9KW_NErv442ZxVUI7lKt-5IBailxmV_twU8i3ebULd-zjh"

const readOrThrow = (token: string): ParsedLink => Result.getOrThrow(readLink(token))
const good = (token: string, canonical: CanonicalAddress, withKeys = keys): boolean => {
  const link = readLink(token)
  return Result.isSuccess(link) && checkLink(withKeys, link.success, canonical)
}

const identity = makeIdentity(new Uint8Array(32))
const account = AccountId.make("acc_1")
const canonicalOf = Brand.nominal<CanonicalAddress>()
const arbitrarySubject: fc.Arbitrary<LinkSubject> = fc
  .tuple(fc.uuid(), fc.emailAddress().map(canonicalOf))
  .map(([verificationId, canonical]) => ({
    senderId: identity.senderId({ account, owner: { _tag: "Account" }, kind: "email", canonical }),
    verificationId,
    canonical
  }))

describe("a link", () => {
  // Links in mails that were sent must stay good: this value must never change.
  it("has a frozen form", () => {
    expect(signLink(keys, jane)).toBe(janesToken)
    expect(keys.current.id).toBe("892570fc")
  })

  it("is read without a secret and checked with it", () => {
    fc.assert(
      fc.property(arbitrarySubject, (subject) => {
        const token = signLink(keys, subject)
        expect(token).toMatch(/^[A-Za-z0-9_-]{92}$/)
        const link = readOrThrow(token)
        expect(link.senderId).toBe(subject.senderId)
        expect(link.verificationId).toBe(subject.verificationId)
        expect(link.keyId).toBe(keys.current.id)
        expect(checkLink(keys, link, subject.canonical)).toBe(true)
      })
    )
  })

  it("is good for its own address and ids only", () => {
    const link = readOrThrow(janesToken)
    const other = { senderId: SenderId.make("748a12ee-5e64-8159-b860-5559cf2ad813") }
    expect(checkLink(keys, link, canonicalOf("jane@example.com"))).toBe(true)
    expect(checkLink(keys, link, canonicalOf("joe@example.com"))).toBe(false)
    expect(checkLink(keys, link, canonicalOf(""))).toBe(false)
    expect(checkLink(keys, { ...link, ...other }, jane.canonical)).toBe(false)
    expect(checkLink(keys, { ...link, verificationId: crypto.randomUUID() }, jane.canonical)).toBe(false)
    expect(checkLink(keys, { ...link, mac: new Uint8Array(32) }, jane.canonical)).toBe(false)
    expect(checkLink(keys, { ...link, mac: link.mac.subarray(1) }, jane.canonical)).toBe(false)
  })

  it("cannot be signed for a verification id that could not be read back", () => {
    for (const verificationId of ["", "1", crypto.randomUUID().toUpperCase(), `${crypto.randomUUID()}0`]) {
      expect(() => signLink(keys, { ...jane, verificationId })).toThrow(RangeError)
    }
  })
})

describe("a changed token is refused", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

  it("with any one character replaced by any other", () => {
    let refused = 0
    for (let at = 0; at < janesToken.length; at++) {
      for (const character of `${alphabet}+/=. %~\0é`) {
        if (character === janesToken[at]) continue
        const changed = janesToken.slice(0, at) + character + janesToken.slice(at + 1)
        if (!good(changed, jane.canonical)) refused++
      }
    }
    expect(refused).toBe(92 * (alphabet.length + 9 - 1))
  })

  it("with characters cut off, added, doubled or swapped", () => {
    for (let at = 0; at < janesToken.length; at++) {
      const [head, tail] = [janesToken.slice(0, at), janesToken.slice(at)]
      expect(good(head, jane.canonical)).toBe(false)
      expect(good(tail.slice(1) + head, jane.canonical)).toBe(false)
      for (const piece of ["A", "=", " ", "\n"]) expect(good(head + piece + tail, jane.canonical)).toBe(false)
    }
  })

  it.each([
    ["padding", `${janesToken}=`],
    ["padding", `${janesToken}====`],
    ["space around it", ` ${janesToken}`],
    ["a line break behind it", `${janesToken}\n`],
    ["nothing", ""],
    ["10 kB", "A".repeat(10_240)],
    ["the right length, full of the wrong characters", "=".repeat(92)]
  ])("as malformed: %s", (_, token) => {
    expect(Result.getFailure(readLink(token))).toMatchObject({ value: { code: "malformed" } })
  })

  it("in the standard alphabet", () => {
    fc.assert(
      fc.property(arbitrarySubject, (subject) => {
        const token = signLink(keys, subject)
        const standard = token.replaceAll("-", "+").replaceAll("_", "/")
        fc.pre(standard !== token)
        expect(Result.isFailure(readLink(standard))).toBe(true)
      })
    )
  })

  it("when its version is not known", () => {
    const bytes = Buffer.from(janesToken, "base64url")
    bytes[0] = 2
    expect(Result.getFailure(readLink(bytes.toString("base64url")))).toMatchObject({
      value: { code: "unknown-version" }
    })
  })

  it("when any one bit differs", () => {
    const bytes = Buffer.from(janesToken, "base64url")
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(good(changed.toString("base64url"), jane.canonical)).toBe(false)
    }
  })
})

describe("keys rotate", () => {
  const old = linkKeysOf([oldSecret])
  const rotated = linkKeysOf([newSecret, oldSecret])

  it("so that old links stay good while the old secret is listed", () => {
    const oldLink = signLink(old, jane)
    const newLink = signLink(rotated, jane)
    expect(good(oldLink, jane.canonical, rotated)).toBe(true)
    expect(good(newLink, jane.canonical, rotated)).toBe(true)
    expect(good(newLink, jane.canonical, linkKeysOf([newSecret]))).toBe(true)
    expect(good(oldLink, jane.canonical, linkKeysOf([newSecret]))).toBe(false)
    expect(good(newLink, jane.canonical, old)).toBe(false)
  })

  it("and a link that names one key is not good by another", () => {
    const link = readOrThrow(signLink(old, jane))
    expect(checkLink(rotated, { ...link, keyId: rotated.current.id }, jane.canonical)).toBe(false)
    expect(checkLink(rotated, { ...link, keyId: "00000000" }, jane.canonical)).toBe(false)
  })

  it.each([[""], ["x"], [newSecret, "x"]] as const)(
    "but none is made of a short secret, whatever the types say: %j",
    (...secrets) => {
      expect(() => linkKeysOf(secrets)).toThrow(RangeError)
    }
  )

  it("and keys do not show themselves when they are logged", () => {
    const shown = inspect(keys, { depth: 10, showHidden: true }) + JSON.stringify(keys)
    expect(shown).not.toContain("correct horse")
    expect(shown).not.toMatch(/[0-9a-f]{64}/)
  })
})
