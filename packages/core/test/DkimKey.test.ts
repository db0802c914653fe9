import { describe, expect, it } from "vitest"
import { isKeyRecord, keyTags, sameKey } from "../src/DkimKey.ts"

describe("the tags of a key record", () => {
  it.each<readonly [string, ReadonlyArray<readonly [string, string]>]>([
    [
      "v=DKIM1; k=rsa; p=MIIB",
      [
        ["v", "DKIM1"],
        ["k", "rsa"],
        ["p", "MIIB"]
      ]
    ],
    [
      "v=DKIM1;p=MI\t IB\n;",
      [
        ["v", "DKIM1"],
        ["p", "MIIB"]
      ]
    ],
    [
      " p = MIIB== ; v = DKIM1",
      [
        ["p", "MIIB=="],
        ["v", "DKIM1"]
      ]
    ],
    ["p=one; p=two", [["p", "one"]]],
    ["p=", [["p", ""]]],
    ["=x", [["", "x"]]],
    ["P=MIIB", [["P", "MIIB"]]],
    ["nothing; at all", []],
    ["", []]
  ])("%j are %j", (text, tags) => {
    expect([...keyTags(text)]).toEqual(tags)
  })
})

it.each([
  ["v=DKIM1; p=MIIB", true],
  ["p=", true],
  ["v=DKIM1", false],
  ["v=spf1 -all", false],
  ["xp=1", false],
  ["", false]
])("%j is a key record: %s", (text, isKey) => {
  expect(isKeyRecord(text)).toBe(isKey)
})

describe("two key records carry the same key", () => {
  it.each([
    ["v=DKIM1; p=MIIB", "v=DKIM1; p=MIIB", true],
    ["v=DKIM1; p=MIIB", "p=MI IB; k=rsa", true],
    ["p=MIIB", "p=MIIC", false],
    ["p=MIIB", "p=miib", false],
    ["p=", "p=", false],
    ["p=MIIB", "p=", false],
    ["p=", "p=MIIB", false],
    ["v=DKIM1", "v=DKIM1", false],
    ["", "", false]
  ])("%j and %j: %s", (one, other, same) => {
    expect(sameKey(one, other)).toBe(same)
  })
})
