import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import { type DnsZone, empty, fromRecords, list, put, remove } from "../src/DnsZone.ts"

const taken = (zone: DnsZone, name: string, type: string, ...values: ReadonlyArray<string>): DnsZone =>
  Result.getOrThrow(put(zone, name, type, values))
const refused = (name: string, type: string, ...values: ReadonlyArray<string>) => {
  const result = put(empty, name, type, values)
  return Result.isFailure(result) ? [result.failure.reason, result.failure.message] : "taken"
}
const values = (zone: DnsZone) => list(zone).map((record) => `${record.name} ${record.type} ${record.value}`)

describe("a put", () => {
  it("replaces the records of its name and type, and no others", () => {
    let zone = taken(empty, "Example.COM.", "txt", "one", "two", "one")
    zone = taken(zone, "example.com", "MX", "10 mx.example.com.")
    zone = taken(zone, "other.example.com", "TXT", "kept")
    zone = taken(zone, "example.com", "TXT", "three")
    expect(values(zone)).toEqual([
      "example.com MX 10 mx.example.com",
      "example.com TXT three",
      "other.example.com TXT kept"
    ])
    expect(values(taken(zone, "example.com", "TXT"))).toEqual([
      "example.com MX 10 mx.example.com",
      "other.example.com TXT kept"
    ])
    expect(values(remove(zone, "EXAMPLE.com."))).toEqual(["other.example.com TXT kept"])
  })

  it("keeps the spelling of a target and makes addresses canonical", () => {
    const zone = taken(taken(empty, "a.example", "CNAME", "Target.Example."), "b.example", "AAAA", "2001:DB8:0::1")
    expect(values(zone)).toEqual(["a.example CNAME Target.Example", "b.example AAAA 2001:db8::1"])
  })

  const label = "l".repeat(63)
  it.each<[string, string, string, string]>([
    ["a name without text", "", "A", "192.0.2.1"],
    ["an empty label", "a..example", "A", "192.0.2.1"],
    ["a label of 64 octets", `${label}l.example`, "A", "192.0.2.1"],
    ["a name of 254 octets", `${label}.${label}.${label}.${"l".repeat(62)}`, "A", "192.0.2.1"],
    ["a name in Unicode", "bücher.example", "A", "192.0.2.1"],
    ["a name with a space", "a b.example", "A", "192.0.2.1"],
    ["an address as name", "192.0.2.1", "A", "192.0.2.1"],
    ["an asterisk that is not the first label", "a.*.example", "A", "192.0.2.1"],
    ["an escape in a name", "a\\.b.example", "A", "192.0.2.1"],
    ["a target with a label of 64 escaped octets", "a.example", "CNAME", "\\000".repeat(64)],
    ["a target with an empty label before an escaped one", "a.example", "CNAME", "a..\\032"],
    ["a type it does not know", "a.example", "SRV", "0 0 25 mx.example"],
    ["an A that is a name", "a.example", "A", "b.example"],
    ["an A that is IPv6", "a.example", "A", "::1"],
    ["an AAAA that is IPv4", "a.example", "AAAA", "192.0.2.1"],
    ["an AAAA with a zone", "a.example", "AAAA", "fe80::1%lo"],
    ["a CNAME that is an address", "a.example", "CNAME", "192.0.2.1"],
    ["a CNAME that is a URL", "a.example", "CNAME", "https://b.example/"],
    ["an MX without preference", "a.example", "MX", "mx.example"],
    ["an MX with too high a preference", "a.example", "MX", "65536 mx.example"],
    ["a TXT without end", "a.example", "TXT", "x".repeat(64_001)]
  ])("refuses %s with a sentence", (_case, name, type, value) => {
    expect(refused(name, type, value)).toEqual([expect.any(String), expect.stringMatching(/^[A-Z].*\.$/)])
  })

  it("takes what is at the edge of that", () => {
    const longest = `${label}.${label}.${label}.${"l".repeat(61)}`
    expect(longest.length).toBe(253)
    expect(refused(longest, "A", "192.0.2.1")).toBe("taken")
    expect(refused("k._domainkey.a-b.example", "CNAME", "k.dkim.example")).toBe("taken")
    expect(refused("a.example", "MX", "0 .")).toBe("taken")
    expect(refused("a.example", "AAAA", "::ffff:192.0.2.1")).toBe("taken")
    expect(refused("a.example", "TXT", "")).toBe("taken")
    expect(refused("*.example", "A", "192.0.2.1")).toBe("taken")
    expect(refused("a.example", "CNAME", `${"\\000".repeat(63)}.one\\.label.`)).toBe("taken")
    expect(Result.isFailure(put(empty, "a.example", "A", ["192.0.2.1"], { ttl: 1.5 }))).toBe(true)
  })
})

describe("a CNAME", () => {
  it("stands alone, unless the caller wants the broken case", () => {
    const zone = taken(empty, "a.example", "TXT", "t")
    const beside = put(zone, "a.example", "CNAME", ["b.example"])
    expect(Result.isFailure(beside) && beside.failure.message).toBe(
      "a.example cannot have a CNAME record and other records (TXT) at once; remove the name first."
    )
    expect(refused("a.example", "CNAME", "b.example", "c.example")).toEqual([
      "conflict",
      "a.example can have only one CNAME record."
    ])
    const after = put(taken(empty, "a.example", "CNAME", "b.example"), "a.example", "TXT", ["t"])
    expect(Result.isFailure(after) && after.failure.reason).toBe("conflict")
    const broken = put(zone, "a.example", "CNAME", ["b.example", "c.example"], { allowConflict: true })
    expect(values(Result.getOrThrow(broken))).toHaveLength(3)
  })

  it("can be replaced by another one", () => {
    const zone = taken(taken(empty, "a.example", "CNAME", "b.example"), "a.example", "CNAME", "c.example")
    expect(values(zone)).toEqual(["a.example CNAME c.example"])
  })
})

describe("a list", () => {
  it("makes the same zone again, conflicts included", () => {
    let zone = Result.getOrThrow(put(empty, "a.example", "A", ["192.0.2.1", "192.0.2.2"], { ttl: 60 }))
    zone = taken(zone, "b.example", "MX", "10 m.example", "0 .")
    zone = Result.getOrThrow(put(zone, "b.example", "CNAME", ["c.example"], { allowConflict: true }))
    expect(Result.getOrThrow(fromRecords(list(zone)))).toEqual(zone)
  })

  it("with a record that is none makes no zone", () => {
    expect(Result.isFailure(fromRecords([{ name: "a.example", type: "A", value: "x", ttl: 0 }]))).toBe(true)
  })
})
