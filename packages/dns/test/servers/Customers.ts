/**
 * What customers made of their zones, for the probes: each domain stands for one way to publish three records.
 */
import {
  type DnsObservation,
  diagnose,
  judgePlan,
  makeDnsPlan,
  neighbourQuestions,
  probeResult,
  type SourceAnswer,
  slotZone
} from "@countersign/core"
import { askNeighbours, DnsResolver, probePlan } from "@countersign/engine"
import { Effect } from "effect"
import { addresses, type HostName } from "./Hosts.ts"
import { published, type Zone } from "./Zones.ts"

/** Our own zone, which the records point into. */
export const ours = "dkim.countersign.net"
const tokens = ["t1", "t2", "t3"]

const planOf = (domain: string) => makeDnsPlan(domain, tokens, ours)

/** A line for each record, with its token and the name below which its slot is served. */
const three = (line: (token: string, slot: string) => string): ReadonlyArray<string> =>
  tokens.map((token, index) => line(token, slotZone(index + 1, ours)))
const records = (domain: string) => published(planOf(domain).records)

/** An RSA key of 8,192 bits has so many characters: its record fits into no UDP answer that we take. */
const longKey = (token: string) => {
  const text = `v=DKIM1; k=rsa; p=${token}${"A".repeat(1_410)}`
  return text.replace(/.{1,250}/g, '"$&" ')
}

const both = ["bind", "nsd"] as const

export const zones: ReadonlyArray<Zone> = [
  {
    apex: "countersign.net",
    listed: both,
    lines: three((token, slot) => `${token}.${slot}. TXT ( ${longKey(token)})`)
  },
  { apex: "plain.com", listed: both, lines: records("plain.com") },
  { apex: "nothing.com", listed: both },
  { apex: "arriving.com", listed: both },
  { apex: "delegated.com", listed: both },
  { apex: "_domainkey.delegated.com", listed: ["other"], lines: records("delegated.com") },
  { apex: "signed.com", listed: both, lines: records("signed.com"), signed: "now" },
  { apex: "expired.com", listed: both, lines: records("expired.com"), signed: "years ago" },
  { apex: "lame.com", listed: both, served: ["bind"], lines: records("lame.com") },
  {
    apex: "referring.com",
    listed: ["nsd", "parent"],
    served: ["nsd"],
    resolved: ["nsd"],
    lines: records("referring.com")
  },
  { apex: "circular.com", listed: ["parent", "other"], served: [] },
  { apex: "wildcard.com", listed: both, lines: ["* CNAME www", "www A 192.0.2.80"] },
  {
    apex: "beside.com",
    listed: both,
    lines: ["*._domainkey CNAME www", "www A 192.0.2.80", ...records("beside.com")]
  },
  {
    apex: "dname.com",
    listed: both,
    lines: ["_domainkey DNAME keys", ...three((token, slot) => `${token}.keys CNAME ${token}.${slot}.`)]
  },
  { apex: "brand.com", listed: both, lines: ["_domainkey DNAME _domainkey.plain.com."] },
  {
    apex: "chain.com",
    listed: both,
    lines: three((token, slot) => `${token}._domainkey CNAME ${token}.keys\n${token}.keys CNAME ${token}.${slot}.`)
  },
  {
    apex: "flattened.com",
    listed: both,
    lines: three((token) => `${token}._domainkey TXT ( ${longKey(token)})`)
  },
  {
    apex: "shouting.com",
    listed: both,
    lines: three(
      (token, slot) => `${token.toUpperCase()}._DomainKey.SHOUTING.Com. CNAME ${token}.${slot.toUpperCase()}.`
    )
  }
]

/** A probe of the domain, as the engine makes it and as core judges it, with the codes of what is found. */
export const probe = Effect.fnUntraced(function* (domain: string) {
  const plan = planOf(domain)
  const resolver = yield* DnsResolver
  const evidence = yield* probePlan(resolver, plan, domain)
  const verdicts = judgePlan(plan.records, evidence)
  const neighbours = yield* askNeighbours(resolver, domain, neighbourQuestions({ plan, domain, evidence }))
  const codes = [...new Set(diagnose({ plan, domain, evidence, neighbours }).map(({ code }) => code))]
  return { plan, evidence, verdicts, codes, result: probeResult(verdicts) }
})

/** What a host said to the question about the domain's first record; `undefined` for the recursive resolver. */
export const saidBy = (evidence: ReadonlyArray<DnsObservation>, host: HostName | undefined): SourceAnswer | undefined =>
  evidence[0]?.sources.find(({ server }) =>
    host === undefined ? server.startsWith("127.") : server === `${addresses[host]}:53`
  )

/** The evidence in a line for each source: what a failing test shows. */
export const shown = (evidence: ReadonlyArray<DnsObservation>): string =>
  evidence
    .flatMap(({ mode, name, sources, type }) =>
      sources.map(({ outcome, reason = "", role, server }) =>
        [`\n${name} ${type} (${mode}):`, server, role, outcome, reason].join(" ")
      )
    )
    .join("")
