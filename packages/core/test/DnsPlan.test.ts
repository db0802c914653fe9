import { describe, expect, it } from "vitest"
import { compactDnsPlan, longestPlannableDomain, makeDnsPlan, planKey, wholeDnsPlan } from "../src/DnsPlan.ts"

it("asks for one CNAME record per token", () => {
  expect(makeDnsPlan("example.com", ["one", "two"], "dkim.example.org")).toStrictEqual({
    shape: 1,
    zone: "dkim.example.org",
    tokens: ["one", "two"],
    records: [
      { type: "CNAME", name: "one._domainkey.example.com", value: "one.k1.dkim.example.org" },
      { type: "CNAME", name: "two._domainkey.example.com", value: "two.k2.dkim.example.org" }
    ]
  })
})

it("fits a name of 253 characters for the longest domain that may be planned", () => {
  const domain = "a".repeat(longestPlannableDomain(32))
  expect(makeDnsPlan(domain, ["t".repeat(32)], "zone").records[0]?.name).toHaveLength(253)
})

describe("the key of a plan", () => {
  const key = (domain: string, tokens: ReadonlyArray<string>, zone: string) =>
    planKey(makeDnsPlan(domain, tokens, zone))
  const one = key("shop.example", ["t1", "t2"], "dkim.example.net")

  it("is the same for the same records", () => {
    expect(one).toBe(
      [
        "t1._domainkey.shop.example CNAME t1.k1.dkim.example.net",
        "t2._domainkey.shop.example CNAME t2.k2.dkim.example.net"
      ].join("\n")
    )
    const plan = makeDnsPlan("shop.example", ["t1", "t2"], "dkim.example.net")
    expect(planKey({ ...plan, zone: "other.example.net", tokens: [] })).toBe(one)
  })

  it("is another for another domain, zone, token, number or order of records", () => {
    const others = [
      key("shop2.example", ["t1", "t2"], "dkim.example.net"),
      key("shop.example", ["t1", "t2"], "dkim2.example.net"),
      key("shop.example", ["t1", "t3"], "dkim.example.net"),
      key("shop.example", ["t1"], "dkim.example.net"),
      key("shop.example", ["t2", "t1"], "dkim.example.net"),
      key("shop.example", [], "dkim.example.net")
    ]
    expect(new Set([one, ...others]).size).toBe(others.length + 1)
  })
})

describe("a plan as it is stored", () => {
  const plan = makeDnsPlan("shop.example", ["t1", "t2"], "dkim.example.net")

  it("has no records when they follow from the tokens", () => {
    const stored = compactDnsPlan("shop.example", plan)
    expect(stored).toEqual({ shape: 1, zone: "dkim.example.net", tokens: ["t1", "t2"] })
    expect(wholeDnsPlan("shop.example", stored)).toEqual(plan)
  })

  it("keeps records that do not", () => {
    const [first, ...others] = plan.records
    if (first === undefined) throw new Error("the plan has no records")
    for (const records of [others, [{ ...first, value: "other.example.net" }, ...others]]) {
      const made = { ...plan, records }
      expect(wholeDnsPlan("shop.example", compactDnsPlan("shop.example", made))).toEqual(made)
    }
  })
})
