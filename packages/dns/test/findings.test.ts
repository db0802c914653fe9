/**
 * Every finding over packets: each picture of docs/reference/findings.md, played by simulated servers, asked by the
 * wire resolver and probed by the engine, yields exactly the code that it stands for.
 */
import { readFileSync } from "node:fs"
import { diagnose, type Finding, findingClasses, neighbourQuestions } from "@countersign/core"
import { askNeighbours, DnsResolver, probePlan } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { passing } from "./Internet.ts"
import { playPicture } from "./PlayedPicture.ts"

const page = readFileSync(new URL("../../../docs/reference/findings.md", import.meta.url), "utf8")
const pictures = Array.from(page.matchAll(/^### `([a-z-]+)`\n\n```zone\n([^`]+)```/gm), ([, code = "", zone = ""]) => ({
  code,
  zone
}))

it("every code has a picture", () => {
  expect(pictures.map(({ code }) => code).toSorted()).toEqual(Object.keys(findingClasses).toSorted())
})

/** What is found in a picture. */
const findingsOf = Effect.fnUntraced(function* (zone: string) {
  const { domain, fail, net, ours, plan, verified } = yield* playPicture(zone)
  return yield* net.with(
    { ours },
    Effect.gen(function* () {
      const resolver = yield* DnsResolver
      // Whoever is asked for the servers of a domain hears of them while they are well.
      yield* passing(resolver.ask(domain, "NS"))
      yield* fail
      const evidence = yield* passing(probePlan(resolver, plan, domain, { verified }))
      const neighbours = yield* passing(askNeighbours(resolver, domain, neighbourQuestions({ plan, domain, evidence })))
      return diagnose({ plan, domain, evidence, neighbours, verified })
    })
  )
})

const codesOf = (findings: ReadonlyArray<Finding>): ReadonlyArray<string> => [
  ...new Set(findings.map(({ code }) => code))
]

describe("over packets, the picture shows exactly", () => {
  it.effect.each(pictures)("$code", ({ code, zone }) =>
    Effect.gen(function* () {
      const findings = yield* findingsOf(zone)
      const found = codesOf(findings)
      // What is said of the domain is looked for while a record is missing.
      const codes = found.length > 1 ? found.filter((each) => each !== "record-missing-nxdomain") : found
      expect(codes, findings.map(({ message }) => message).join("\n")).toEqual([code])
    })
  )
})

const right = "one1._domainkey CNAME one1.dkim.example.org."
const both = (behaviour: string) => `; 192.0.2.1 answers ${behaviour}\n; 192.0.2.2 answers ${behaviour}`

describe("over packets", () => {
  it.effect.each<readonly [string, string, ReadonlyArray<string>]>([
    ["a wildcard answers: internetstandards/Internet.nl#1025", "; no other records\n* CNAME www", ["wildcard-answers"]],
    [
      "an A record answers the question for the CNAME: postalserver/postal#154",
      both("the question for the CNAME with A 192.0.2.80"),
      ["address-instead-of-cname"]
    ],
    [
      "one of three is removed after verification: simple-login/app#1334",
      `; verified\n${right}\n; no two2._domainkey CNAME`,
      ["record-missing-nxdomain", "record-wrong-since-verified"]
    ],
    ["SERVFAIL: keybase/keybase-issues#2488", `; verified\n${both("SERVFAIL")}`, ["dns-unavailable"]],
    ["NOTIMP: keybase/keybase-issues#2488", both("NOTIMP"), ["dns-unavailable"]],
    ["silence: keybase/keybase-issues#2488", both("no answer in time"), ["dns-unavailable"]],
    [
      "silence, and a referral from who is not recursive: nodejs/node#33858",
      `${both("no answer in time")}\n; 192.0.2.53 answers a referral that leads nowhere`,
      ["dns-unavailable"]
    ],
    ["a TXT with a NUL stands where the CNAME was", "one1._domainkey TXT a\u0000b", ["txt-instead-of-cname"]],
    [
      "60 kB of backslashes stand where the CNAME was",
      `one1._domainkey TXT ${"\\".repeat(60_000)}`,
      ["txt-instead-of-cname"]
    ],
    ["all is well", right, []]
  ])("%s", ([, zone, codes]) =>
    Effect.gen(function* () {
      const findings = yield* findingsOf(zone)
      expect(codesOf(findings), findings.map(({ message }) => message).join("\n")).toEqual(codes)
    })
  )
})
