/**
 * What a probe may see of the records of a plan, in words ("another's target"), and the observations that say so.
 */
import type { DnsObservation, DnsPlan, DnsRecord } from "@countersign/core"

/** What a probe sees of one record of the plan. */
export type Sight =
  | "right"
  | "right in capitals"
  | "right over hops"
  | "no name"
  | "no data"
  | "wrong target"
  | "another's target"
  | "two targets"
  | "other type"
  | "unavailable"
  | "unavailable behind a hop"
  | "not observed"

/** What a probe of the plan's records saw; a record without a sight is right. */
export const evidenceOf = (
  plan: DnsPlan,
  domain: string,
  sights: ReadonlyArray<Sight>
): ReadonlyArray<DnsObservation> =>
  plan.records.flatMap((record, at) => {
    const other = plan.records[(at + 1) % plan.records.length]?.value ?? record.value
    const observation = observationOf(record, other, domain, sights[at] ?? "right")
    return observation === undefined ? [] : [observation]
  })

const observationOf = (record: DnsRecord, other: string, domain: string, sight: Sight): DnsObservation | undefined => {
  const { name, value } = record
  const see = (outcome: DnsObservation["outcome"], ...targets: Array<Array<string>>): DnsObservation => ({
    name,
    servers: ["192.0.2.53:53"],
    outcome,
    targets,
    others: []
  })
  switch (sight) {
    case "right":
      return see("answer", [value])
    case "right in capitals":
      return { ...see("answer", [`${value.toUpperCase()}.`]), name: `${name.toUpperCase()}.` }
    case "right over hops":
      return see("answer", [`dkim.${domain}`], [value], ["keys.example.net"])
    case "no name":
      return see("nxdomain")
    case "no data":
      return see("nodata")
    case "wrong target":
      return see("answer", ["elsewhere.example.net"])
    case "another's target":
      return see("answer", [other])
    case "two targets":
      return see("answer", [value, "elsewhere.example.net"])
    case "other type":
      return { ...see("nodata"), others: [{ type: "TXT", value: "v=DKIM1" }] }
    case "unavailable":
      return { ...see("unavailable"), reason: "SERVFAIL" }
    case "unavailable behind a hop":
      return { ...see("unavailable", [`dkim.${domain}`]), reason: "timeout" }
    case "not observed":
      return undefined
  }
}
