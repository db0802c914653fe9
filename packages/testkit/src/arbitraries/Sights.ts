/**
 * What a probe may see of the records of a plan, in words ("another's target"), and the observations that say so.
 */
import type { DnsObservation, DnsPlan, DnsRecord, SeenRecord, SourceAnswer } from "@countersign/core"

/** What a probe sees of one record of the plan. Where nothing else is said, two of the zone's servers say it. */
export type Sight =
  | "right"
  | "right in capitals"
  | "right over hops"
  | "right, unknown to a cache"
  | "right by a resolver"
  | "no name"
  | "no data"
  | "wrong target"
  | "another's target"
  | "two targets"
  | "other type"
  | "unavailable"
  | "unavailable behind a hop"
  | "right at one server"
  | "servers disagree"
  | "no name at one server"
  | "no name by a server and a resolver"
  | "no name, cached as right"
  | "no name by a resolver"
  | "no data by a resolver"
  | "not observed"

/** What a probe of the plan's records saw; a record without a sight is right. */
export const evidenceOf = (
  plan: DnsPlan,
  domain: string,
  sights: ReadonlyArray<Sight>,
  at = 0
): ReadonlyArray<DnsObservation> =>
  plan.records.flatMap((record, index) => {
    const other = plan.records[(index + 1) % plan.records.length]?.value ?? record.value
    return observationsOf(record, other, domain, sights[index] ?? "right", at)
  })

type Said = Partial<SourceAnswer> & Pick<SourceAnswer, "outcome">

const source = (server: string, said: Said, role: SourceAnswer["role"] = "authoritative"): SourceAnswer => ({
  server,
  role,
  records: [],
  ...said
})

const cname = (...targets: ReadonlyArray<string>): Said => ({
  outcome: "records",
  records: targets.map((value): SeenRecord => ({ type: "CNAME", value, ttl: 300 }))
})
const nxdomain: Said = { outcome: "nxdomain", negativeTtl: 300 }
const nodata: Said = { outcome: "nodata", negativeTtl: 300 }
const unavailable: Said = { outcome: "unavailable", reason: "REFUSED" }

const observationsOf = (
  record: DnsRecord,
  other: string,
  domain: string,
  sight: Sight,
  at: number
): ReadonlyArray<DnsObservation> => {
  const { name, value } = record
  const observation = (
    of: string,
    sources: ReadonlyArray<SourceAnswer>,
    type: DnsObservation["type"] = "CNAME"
  ): DnsObservation => ({ name: of, type, mode: "authoritative", at, sources })
  const both = (said: Said, of = name, type: DnsObservation["type"] = "CNAME"): DnsObservation =>
    observation(of, [source("192.0.2.53:53", said), source("198.51.100.53:53", said)], type)
  const cache = (said: Said): SourceAnswer => source("9.9.9.9:53", said, "recursive")
  const andResolver = (of: DnsObservation, said: Said): DnsObservation => ({
    ...of,
    sources: [...of.sources, cache(said)]
  })
  const resolver = (said: Said): DnsObservation => ({ ...observation(name, [cache(said)]), mode: "resolver" })
  // Each record has hops of its own: the answers about a name are the same for all who come by.
  const [label] = name.split(".")
  const hop = `${label}.dkim.${domain}`
  const secondHop = `${label}.keys.example.net`
  switch (sight) {
    case "right":
      return [both(cname(value))]
    case "right in capitals":
      return [both(cname(`${value.toUpperCase()}.`), `${name.toUpperCase()}.`)]
    case "right over hops":
      return [both(cname(hop)), both(cname(secondHop), hop), both(cname(value), secondHop)]
    case "right, unknown to a cache":
      return [andResolver(both(cname(value)), nxdomain)]
    case "right by a resolver":
      return [resolver(cname(value))]
    case "no name":
      return [both(nxdomain)]
    case "no data":
      return [both(nodata)]
    case "wrong target":
      return [both(cname("elsewhere.example.net")), both(nxdomain, "elsewhere.example.net")]
    case "another's target":
      return [both(cname(other)), both(nxdomain, other)]
    case "two targets":
      return [both(cname(value, "elsewhere.example.net"))]
    case "other type":
      return [both(nodata), both({ outcome: "records", records: [{ type: "TXT", value: "v=DKIM1" }] }, name, "TXT")]
    case "unavailable":
      return [both(unavailable)]
    case "unavailable behind a hop":
      return [both(cname(hop)), both(unavailable, hop)]
    case "right at one server":
      return [observation(name, [source("192.0.2.53:53", cname(value)), source("198.51.100.53:53", unavailable)])]
    case "servers disagree":
      return [observation(name, [source("192.0.2.53:53", cname(value)), source("198.51.100.53:53", nxdomain)])]
    case "no name at one server":
      return [observation(name, [source("192.0.2.53:53", nxdomain), source("198.51.100.53:53", unavailable)])]
    case "no name by a server and a resolver":
      return [andResolver(observation(name, [source("192.0.2.53:53", nxdomain)]), nxdomain)]
    case "no name, cached as right":
      return [andResolver(both(nxdomain), cname(value))]
    case "no name by a resolver":
      return [resolver(nxdomain)]
    case "no data by a resolver":
      return [resolver(nodata)]
    case "not observed":
      return []
  }
}
