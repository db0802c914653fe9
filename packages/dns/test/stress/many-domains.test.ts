/** Memory is flat, however many domains are asked about. `npm test` takes 500 of them, `npm run test:stress` 10,000. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { DnsResolver } from "@countersign/engine"
import { long } from "@countersign/testkit"
import { describe, expect, it } from "@effect/vitest"
import type { Answer } from "dns-packet"
import { Effect } from "effect"
import { type Asked, Internet, reply, resolver, rr, soa } from "../Internet.ts"

const domains = long ? 10_000 : 500

describe(`${domains} domains`, () => {
  it.effect(
    "leave no more behind than a few",
    () =>
      Effect.gen(function* () {
        const net = new Internet()
        const say = (asked: Asked, records: Array<Answer>) => [reply(asked, { answers: records, flags: ["ra"] })]
        net.scripts.set(resolver, (asked) => {
          const number = /(\d+)/.exec(asked.name)?.[1] ?? "0"
          if (asked.type === "NS") return say(asked, [rr(asked.name, "NS", `ns${number}.hosting.net`)])
          const address = `198.51.${Math.trunc(Number(number) / 250)}.${1 + (Number(number) % 250)}`
          net.scripts.set(address, (question) => [
            reply(question, { rcode: 3, authorities: [soa(`shop${number}.com`)], flags: ["aa"] })
          ])
          return asked.type === "A" ? say(asked, [rr(asked.name, "A", address)]) : say(asked, [])
        })
        yield* net.with(
          { rates: { authoritative: 1e6, recursive: 1e6, all: 1e6 } },
          Effect.gen(function* () {
            const { ask } = yield* DnsResolver
            const probe = Effect.fnUntraced(function* (from: number, to: number) {
              for (let at = from; at < to; at++) yield* ask(`k1._domainkey.shop${at}.com`, "CNAME")
              for (const address of net.scripts.keys()) if (address !== resolver) net.scripts.delete(address)
              net.arrived.length = 0
            })
            yield* probe(0, domains / 5)
            const before = heap()
            yield* probe(domains / 5, domains)
            // What is kept of a thousand zones takes a few kilobytes each.
            expect(heap() - before).toBeLessThan(8 * 1024 * 1024)
          })
        )
      }),
    { timeout: long ? 300_000 : 60_000 }
  )
})

setFlagsFromString("--expose-gc")
const collectGarbage: unknown = runInNewContext("gc")

/** What is still in use, in bytes. */
const heap = (): number => {
  if (typeof collectGarbage === "function") collectGarbage()
  return process.memoryUsage().heapUsed
}
