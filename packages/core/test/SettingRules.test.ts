import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { parseDkimZone, parseLinkSecrets, parsePublicUrl } from "../src/SettingRules.ts"

const one = "a secret that is just long enough"
const other = "another that is just long enough too"

describe("the public URL", () => {
  it.each([
    ["https://app.example.com/mail", "https://app.example.com/mail"],
    ["https://app.example.com/mail//", "https://app.example.com/mail"],
    ["http://127.0.0.1:3000/", "http://127.0.0.1:3000"]
  ])("%s is %s", (given, read) => {
    expect(Result.getOrThrow(parsePublicUrl(given))).toBe(read)
  })

  it.each([
    "",
    "app.example.com",
    "ftp://a.example",
    "https://u:p@a.example",
    "https://a.example?x",
    "https://a.example#x"
  ])("%j is refused", (given) => {
    expect(Result.isFailure(parsePublicUrl(given))).toBe(true)
  })
})

describe("link secrets", () => {
  it("are one, or several with commas between", () => {
    expect(Result.getOrThrow(parseLinkSecrets(one))).toEqual([one])
    expect(Result.getOrThrow(parseLinkSecrets(` ${one} , ${other} `))).toEqual([one, other])
  })

  it.each(["", " ", ",", `${one},`, `,${one}`, `${one},,${other}`, one.slice(0, 31), `${one},short`])(
    "are not %j",
    (given) => {
      expect(Result.isFailure(parseLinkSecrets(given))).toBe(true)
    }
  )
})

describe("the DKIM zone", () => {
  it("is read without capitals and the trailing dot", () => {
    expect(Result.getOrThrow(parseDkimZone("DKIM.example.com."))).toBe("dkim.example.com")
  })

  it.each(["", "not a zone!", "com", "dkim..example.com", "-a.example.com", "1.2.3.4", `${"a".repeat(64)}.example`])(
    "is not %j",
    (given) => {
      expect(Result.isFailure(parseDkimZone(given))).toBe(true)
    }
  )
})
