import { Option, Result } from "effect"
import { describe, expect, it } from "vitest"
import { parseDkimZone, parseLinkSecrets, parsePublicUrl } from "../src/SettingRules.ts"

const [old, fresh] = ["o".repeat(32), "n".repeat(32)]

describe("the secrets of links", () => {
  it.each([
    [fresh, [fresh]],
    [`${fresh},${old}`, [fresh, old]],
    [` ${fresh} , ${old} `, [fresh, old]]
  ])("are a list with commas between: %j", (value, secrets) => {
    expect(Result.getOrThrow(parseLinkSecrets(value))).toEqual(secrets)
  })

  it.each(["", ",", `${fresh},`, `,${old}`, fresh.slice(1), `${fresh},${old.slice(1)}`, `${old.slice(1)} `])(
    "are refused when one is short: %j",
    (value) => {
      expect(Result.getFailure(parseLinkSecrets(value))).toEqual(
        Option.some(expect.stringMatching(/^must have at least 32 characters/))
      )
    }
  )
})

describe("the public URL", () => {
  it.each([
    ["https://senders.example.com", "https://senders.example.com"],
    ["https://Senders.example.com/", "https://senders.example.com"],
    ["http://localhost:8080/mail//", "http://localhost:8080/mail"]
  ])("has no slash at its end: %s", (value, url) => {
    expect(Result.getOrThrow(parsePublicUrl(value))).toBe(url)
  })

  it.each(["", "senders.example.com", "ftp://a.com", "https://a.com/?b", "https://a.com/#b", "https://me:x@a.com"])(
    "is refused: %j",
    (value) => expect(Result.isFailure(parsePublicUrl(value))).toBe(true)
  )
})

describe("the zone of the keys", () => {
  it.each([
    ["dkim.example.com", "dkim.example.com"],
    ["DKIM.Example.com.", "dkim.example.com"],
    ["_dkim.example.com", "_dkim.example.com"],
    [`${"a.".repeat(106)}commm`, `${"a.".repeat(106)}commm`]
  ])("is in lower case and has no dot at its end: %s", (value, zone) => {
    expect(Result.getOrThrow(parseDkimZone(value))).toBe(zone)
  })

  it.each(["", ".", "com", "a..com", "-a.com", "a b.com", "192.0.2.1", "bücher.com", `${"a.".repeat(107)}comm`])(
    "is refused: %j",
    (value) => expect(Result.isFailure(parseDkimZone(value))).toBe(true)
  )
})
