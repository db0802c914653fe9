import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { OrganizationId, Owner, ownerKey } from "../src/Owner.ts"

describe("the key of an owner", () => {
  it.each<[Owner, string]>([
    [{ _tag: "Account" }, "account"],
    [{ _tag: "Organization", organization: OrganizationId.make("org_1") }, "organization:org_1"],
    [{ _tag: "Organization", organization: OrganizationId.make("account") }, "organization:account"]
  ])("of %j is %s", (owner, key) => expect(ownerKey(owner)).toBe(key))

  it("is of an owner that survives JSON, and names an organization when it is one", () => {
    const owner: Owner = { _tag: "Organization", organization: OrganizationId.make("org_1") }
    expect(Schema.decodeUnknownSync(Owner)(JSON.parse(JSON.stringify(owner)))).toEqual(owner)
    expect(Schema.is(Owner)({ _tag: "Organization", organization: "" })).toBe(false)
    expect(Schema.is(Owner)({ _tag: "Organization" })).toBe(false)
  })
})
