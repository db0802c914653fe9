/**
 * Edits of a zone, and the sentences that say the same.
 */
import { describe, expect, it } from "vitest"
import { makeEditor, noEdits } from "../../src/Diagnosis/Edits.ts"
import { hostOf, zoneOf } from "../../src/Diagnosis.ts"
import { look, plan } from "../ZonePicture.ts"

describe("the host of a name", () => {
  it.each([
    ["one1._domainkey.example.com", "example.com", "one1._domainkey"],
    ["one1._domainkey.example.com", "_domainkey.example.com", "one1"],
    ["example.com", "example.com", "@"],
    ["badexample.com", "example.com", "badexample.com."],
    ["elsewhere.example.net", "example.com", "elsewhere.example.net."]
  ])("%s in the zone %s is %s", (name, zone, host) => {
    expect(hostOf(name, zone)).toBe(host)
  })
})

describe("the zone of the records", () => {
  it.each([
    ["is that of the observations", "", "example.com"],
    ["is the one that their names are delegated to", "_domainkey NS ns1.keys.example.net.", "_domainkey.example.com"],
    ["is the registrable domain where it is not known", "; not registered", "example.com"],
    ["is not that of a domain below it", "; for mail.example.com", "example.com"]
  ])("%s", (_, picture, zone) => {
    expect(zoneOf(look(picture))).toBe(zone)
  })

  it("is never one in which the records are not", () => {
    const evidence = look("").evidence.map((seen) => ({ ...seen, zone: "example.net" }))
    expect(zoneOf({ plan, domain: "mail.example.com", evidence })).toBe("example.com")
  })
})

const relative = makeEditor("example.com", { name: "Wix", names: "relative" })
const absolute = makeEditor("example.com", { name: "Akamai Edge DNS", names: "absolute" })
const text = { type: "TXT", name: "a.example.com" }

describe("an edit", () => {
  it("has the name in each form, and ends names as values with a dot", () => {
    const record = { type: "CNAME", name: "a.example.com", value: "b.example.net" }
    expect(relative.edit("add", record)).toEqual({
      action: "add",
      type: "CNAME",
      host: "a",
      name: "a.example.com.",
      value: "b.example.net.",
      line: "a.example.com. 3600 IN CNAME b.example.net."
    })
  })

  it.each([
    ["short", "v=1", '"v=1"'],
    ["empty", "", '""'],
    ["with quotation marks", 'say "yes"', '"say \\"yes\\""'],
    ["of 255 characters", "x".repeat(255), `"${"x".repeat(255)}"`],
    ["longer than a string may be", "x".repeat(256), `"${"x".repeat(255)}" "x"`]
  ])("quotes a text that is %s", (_, value, quoted) => {
    expect(relative.edit("add", { ...text, value })).toMatchObject({
      value,
      line: `a.example.com. 3600 IN TXT ${quoted}`
    })
  })

  it("is said as the provider's panel wants it", () => {
    const record = { type: "A", name: "a.example.com", value: "192.0.2.1" }
    const edits = [relative.edit("delete", { ...text, value: "x".repeat(130) }), relative.edit("add", record)]
    expect(relative.fix(edits, "That is all.")).toEqual({
      edits,
      message: `At Wix, delete the TXT record with the host a and the value ${"x".repeat(120)}…. Add an A record with the host a and the value 192.0.2.1. That is all.`
    })
    const change = absolute.edit("change", record)
    expect(absolute.fix([change]).message).toBe(
      "At Akamai Edge DNS, change the value of the A record with the name a.example.com to 192.0.2.1."
    )
  })

  it("is none where nothing is to be changed", () => {
    expect(noEdits("Wait.")).toEqual({ edits: [], message: "Wait." })
  })
})
