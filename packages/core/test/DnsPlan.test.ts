import { expect, it } from "vitest"
import { longestPlannableDomain, makeDnsPlan } from "../src/DnsPlan.ts"

it("asks for one CNAME record per token", () => {
  expect(makeDnsPlan("example.com", ["one", "two"], "dkim.example.org")).toStrictEqual({
    zone: "dkim.example.org",
    tokens: ["one", "two"],
    records: [
      { type: "CNAME", name: "one._domainkey.example.com", value: "one.dkim.example.org" },
      { type: "CNAME", name: "two._domainkey.example.com", value: "two.dkim.example.org" }
    ]
  })
})

it("fits a name of 253 characters for the longest domain that may be planned", () => {
  const domain = "a".repeat(longestPlannableDomain(32))
  expect(makeDnsPlan(domain, ["t".repeat(32)], "zone").records[0]?.name).toHaveLength(253)
})
