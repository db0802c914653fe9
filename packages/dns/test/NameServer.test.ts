import { NameServerInvalid, parseNameServer, SystemResolver } from "@countersign/dns"
import { DnsResolver } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Result } from "effect"

describe("the address of a DNS server", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1:53"],
    ["192.0.2.1:5353", "192.0.2.1:5353"],
    [" 192.0.2.1:053 ", "192.0.2.1:53"],
    ["2001:db8::1", "[2001:db8::1]:53"],
    ["[2001:db8::1]", "[2001:db8::1]:53"],
    ["[::1]:5353", "[::1]:5353"]
  ])("%s is %s", (text, server) => {
    expect(parseNameServer(text)).toEqual(Result.succeed(server))
  })

  it.each([
    "",
    "localhost:53",
    "dns.example.com",
    "192.0.2.1:0",
    "192.0.2.1:65536",
    "192.0.2.1:",
    "192.0.2.1:53:53",
    "192.0.2.256",
    "[192.0.2.1]:53",
    "[::1",
    "[::1]:x",
    "[::1]:70000",
    "fe80::1%lo",
    "[fe80::1%lo]:53",
    "192.0.2.1,192.0.2.2"
  ])("%j is refused in one sentence", (text) => {
    const parsed = parseNameServer(text)
    expect(Result.isFailure(parsed) && parsed.failure.message).toMatch(/^[^\n]+\.$/)
  })

  it.effect("a wrong one, or none, ends the building of the layer", () =>
    Effect.gen(function* () {
      for (const servers of [[], ["127.0.0.1", "nonsense"]]) {
        const failure = yield* Effect.flip(Effect.provide(DnsResolver, SystemResolver.layer({ servers })))
        expect(failure).toBeInstanceOf(NameServerInvalid)
        expect(failure.message).toMatch(servers.length === 0 ? /At least one/ : /"nonsense" is no DNS server/)
      }
    })
  )
})
