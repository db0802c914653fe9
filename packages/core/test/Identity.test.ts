import { Brand, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DomainName } from "../src/DomainName.ts"
import type { CanonicalAddress } from "../src/EmailAddress.ts"
import { makeIdentity, SenderId, type SenderName, senderNumber } from "../src/Identity.ts"
import { AccountId, OrganizationId, type Owner } from "../src/Owner.ts"

const identityKey = Uint8Array.from({ length: 32 }, (_, index) => index)
const identity = makeIdentity(identityKey)
// Names are derived from any text: those of the product and those that fast-check makes up.
const accountOf = Brand.nominal<AccountId>()
const canonicalOf = Brand.nominal<CanonicalAddress>()
const organizationOf = (id: string): Owner => ({ _tag: "Organization", organization: OrganizationId.make(id) })
const account: Owner = { _tag: "Account" }
const organization = organizationOf("org_1")
const [acc1, acc2] = [AccountId.make("acc_1"), AccountId.make("acc_2")]
const [exampleCom, exampleNet] = [DomainName.make("example.com"), DomainName.make("example.net")]
const jane: SenderName = { account: acc1, owner: account, kind: "email", canonical: canonicalOf("jane@example.com") }

// Stored with every sender and published in other people's DNS: these values must never change.
describe("frozen values", () => {
  it.each<[SenderName, string]>([
    [jane, "68e98dca-127b-8e57-b081-015da7377dd4"],
    [{ ...jane, owner: organization }, "748a12ee-5e64-8159-b860-5559cf2ad813"],
    [{ ...jane, kind: "domain", canonical: canonicalOf("example.com") }, "e32e52de-ded5-882a-a49a-7d2b28c99e1e"]
  ])("the sender id of %j is %s", (name, id) => expect(identity.senderId(name)).toBe(id))

  it("the sender number of jane@example.com", () => {
    expect(senderNumber(identity.senderId(jane))).toBe("1845637047986104")
  })

  it("the DKIM tokens of example.com", () => {
    expect(identity.dkimTokens(acc1, exampleCom)).toEqual([
      "lgi52h7xwvi27z6bsy4b5rwq243p6gap",
      "45wvbtzwuaivfnn5sq6jttqvnilnt6nt",
      "eoppfggksu4mjdyndisotkt5n6jb3har"
    ])
  })
})

describe("a sender id", () => {
  const arbitraryName: fc.Arbitrary<SenderName> = fc.record({
    account: fc.string().map(accountOf),
    owner: fc.oneof(fc.constant(account), fc.string({ minLength: 1 }).map(organizationOf)),
    kind: fc.constantFrom("email", "domain"),
    canonical: fc.string().map(canonicalOf)
  })

  it("is a UUID of version 8 and the same every time", () => {
    fc.assert(
      fc.property(arbitraryName, (name) => {
        const id = identity.senderId(name)
        expect(Schema.is(SenderId)(id)).toBe(true)
        expect(makeIdentity(identityKey).senderId({ ...name })).toBe(id)
      }),
      { numRuns: 500 }
    )
  })

  it("differs when any field or the key differs", () => {
    const other = makeIdentity(new Uint8Array(32))
    const ids = [
      identity.senderId(jane),
      other.senderId(jane),
      identity.senderId({ ...jane, account: acc2 }),
      identity.senderId({ ...jane, owner: organization }),
      identity.senderId({ ...jane, owner: organizationOf("org_2") }),
      identity.senderId({ ...jane, kind: "domain" }),
      identity.senderId({ ...jane, canonical: canonicalOf("joe@example.com") })
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })

  it("has fields that do not run into each other", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (name, rest) => {
        const id = (account: string, canonical: string) =>
          identity.senderId({ ...jane, account: accountOf(account), canonical: canonicalOf(canonical) })
        expect(id(name, rest)).not.toBe(id(name.slice(0, -1), name.slice(-1) + rest))
      })
    )
  })

  it("starts with the 52 bits of its number", () => {
    fc.assert(
      fc.property(arbitraryName, (name) => {
        const id = identity.senderId(name)
        const number = senderNumber(id)
        expect(number).toMatch(/^[0-9]{1,16}$/)
        expect(BigInt(number)).toBe(BigInt(`0x${id.replaceAll("-", "")}`) >> 76n)
        expect(Number.isSafeInteger(Number(number))).toBe(true)
      })
    )
  })
})

describe("DKIM tokens", () => {
  it("are three different DNS labels, bound to the account and the domain", () => {
    const tokens = [
      ...identity.dkimTokens(acc1, exampleCom),
      ...identity.dkimTokens(acc2, exampleCom),
      ...identity.dkimTokens(acc1, exampleNet),
      ...makeIdentity(new Uint8Array(32)).dkimTokens(acc1, exampleCom)
    ]
    expect(new Set(tokens).size).toBe(12)
    for (const token of tokens) expect(token).toMatch(/^[a-z2-7]{32}$/)
  })
})

describe("an identity key", () => {
  it.each([0, 31, 33])("of %i bytes is a defect", (length) => {
    expect(() => makeIdentity(new Uint8Array(length))).toThrow(RangeError)
  })

  it("is copied", () => {
    const key = Uint8Array.from(identityKey)
    const before = makeIdentity(key)
    key.fill(0)
    expect(before.senderId(jane)).toBe(identity.senderId(jane))
  })
})
