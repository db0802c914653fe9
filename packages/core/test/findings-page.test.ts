/**
 * docs/reference/findings.md has every code, in its class, with a zone that causes it and nothing else.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { type FindingCode, findingClasses } from "../src/FindingCode.ts"
import { codesOf } from "./ZonePicture.ts"

const page = readFileSync(fileURLToPath(new URL("../../../docs/reference/findings.md", import.meta.url)), "utf8")

const told = page.split(/^## /m).flatMap((section) => {
  const [heading = "", ...codes] = section.split(/^### /m)
  return codes.map((text) => ({
    code: /^`([a-z-]+)`/.exec(text)?.[1] ?? "",
    class: heading.split("\n")[0]?.toLowerCase().replaceAll(" ", "-"),
    zone: /```zone\n([^`]+)```/.exec(text)?.[1] ?? ""
  }))
})

/** These are found out only while a record is not right, and so is one in their picture. */
const asides: ReadonlyArray<string> = [
  "records-delegated",
  "record-wrong-since-verified",
  "dmarc-missing",
  "dmarc-invalid",
  "dmarc-strict",
  "spf-not-needed",
  "null-mx",
  "no-mail-exchanger"
] satisfies ReadonlyArray<FindingCode>

it("has every code in its class", () => {
  expect(Object.fromEntries(told.map(({ code, class: of }) => [code, of]))).toEqual(findingClasses)
  expect(told).toHaveLength(Object.keys(findingClasses).length)
})

describe("its zone causes exactly", () => {
  it.each(told)("$code", ({ code, zone }) => {
    const missing = /^; no two2/m.test(zone) || asides.includes(code) ? ["record-missing-nxdomain"] : []
    expect(codesOf(zone).toSorted()).toEqual([...missing, code].toSorted())
  })
})
