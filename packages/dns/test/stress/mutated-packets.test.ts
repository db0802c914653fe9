/**
 * Packets that were changed at random places: nothing crashes, and none of them makes a record look published that is
 * not. `npm test` sends 2,000 of them, `npm run test:stress` 100,000; a run prints its seed.
 */
import { DnsTransport, TransportFailed, WireResolver } from "@countersign/dns"
import { DnsResolver } from "@countersign/engine"
import { long, seed } from "@countersign/testkit"
import { describe, expect, it } from "@effect/vitest"
import type { Answer } from "dns-packet"
import { Effect, Layer } from "effect"
import { type Asked, read, reply, resolver, rr, smallInternet, soa } from "../Internet.ts"

const name = "k1._domainkey.shop.com"
const target = "k1.dkim.net"
const packets = long ? 100_000 : 2_000

/** A generator of numbers below a limit (mulberry32). */
const numbers = (start: number) => {
  let state = start
  return (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

/** What is right to say about the name, none of it the record that is wanted. */
const answers: ReadonlyArray<(asked: Asked) => Buffer> = [
  (asked) => reply(asked, { rcode: 3, authorities: [soa("shop.com")], flags: ["aa"] }),
  (asked) => reply(asked, { authorities: [soa("shop.com")], flags: ["aa"] }),
  (asked) => reply(asked, { answers: [rr(name, "CNAME", "k2.dkim.net")], flags: ["aa"] }),
  (asked) => reply(asked, { answers: [rr(name, "A", "192.0.2.1"), rr(name, "AAAA", "2001:db8::1")], flags: ["aa"] }),
  (asked) => reply(asked, { answers: [rr("other.shop.com", "CNAME", target)], flags: ["aa"] }),
  (asked) => {
    const text: Answer = { name, type: "TXT", ttl: 9, data: [target, Buffer.alloc(255, 92), "\0"] }
    return reply(asked, { answers: [text, { name, type: "MX", ttl: 9, data: { preference: 1, exchange: target } }] })
  },
  (asked) =>
    reply(asked, {
      authorities: [rr("_domainkey.shop.com", "NS", "ns._domainkey.shop.com")],
      additionals: [rr("ns._domainkey.shop.com", "A", "198.51.100.1")]
    })
]

/** Some octets changed, cut off, doubled or added, mostly behind the question: otherwise it is dropped unread. */
const mutated = (packet: Buffer, next: (limit: number) => number): Buffer => {
  const bytes = Buffer.from(packet)
  const questionEnd = 12 + name.length + 2 + 4
  for (let changes = next(8); changes >= 0; changes--) {
    const at = next(10) === 0 ? next(bytes.length) : questionEnd + next(Math.max(1, bytes.length - questionEnd))
    bytes[Math.min(at, bytes.length - 1)] = next(4) === 0 ? 0xc0 | next(4) : next(256)
  }
  if (next(5) === 0) bytes.writeUInt16BE(next(0x1_0000), 6 + 2 * next(3))
  if (next(6) === 0) return bytes.subarray(0, next(bytes.length))
  return next(12) === 0 ? Buffer.concat([bytes, bytes]) : bytes
}

describe(`${packets} packets, mutated with the seed ${seed}`, () => {
  it.effect(
    "no crash, and nothing verified",
    () =>
      Effect.gen(function* () {
        const next = numbers(seed)
        const { net } = smallInternet()
        let sent = 0
        const transport = Layer.succeed(DnsTransport, {
          exchange: (server, packet, via, accept) =>
            Effect.suspend(() => {
              const at = server.replace(/:\d+$/, "")
              const asked = read(at, via, packet)
              const honest = net.honest(asked)
              const isAboutName = asked.name === name
              const answer = isAboutName ? answers[next(answers.length)]?.(asked) : undefined
              const bytes = answer ?? (typeof honest === "string" ? Buffer.alloc(0) : Buffer.from(honest[0] ?? []))
              const changed = isAboutName || next(20) === 0 ? mutated(bytes, next) : bytes
              sent += 1
              // Silence is tested elsewhere: here whatever is dropped is told at once.
              return accept(changed)
                ? Effect.succeed(changed)
                : Effect.fail(new TransportFailed({ reason: "dropped", unreachable: false }))
            })
        })
        const layer = WireResolver.layerTransport({
          servers: [resolver],
          remember: 0,
          rates: { authoritative: 1e6, recursive: 1e6, all: 1e6 }
        })
        yield* Effect.gen(function* () {
          const { ask } = yield* DnsResolver
          while (sent < packets) {
            const { sources } = yield* ask(name, "CNAME", { mayBeMissing: true })
            expect(sources.length).toBeGreaterThan(0)
            for (const { outcome, records, reason } of sources) {
              expect(outcome === "unavailable" ? typeof reason : "string").toBe("string")
              expect(records.length).toBeLessThanOrEqual(16)
              for (const { type, value } of records) {
                expect(type === "CNAME" && value === target, JSON.stringify(records)).toBe(false)
                expect(value).toMatch(/^[ -~]*$/)
              }
            }
          }
        }).pipe(Effect.provide(Layer.orDie(Layer.provide(layer, transport))))
      }),
    { timeout: long ? 300_000 : 30_000 }
  )
})
