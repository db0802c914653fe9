/**
 * Nobody could be asked, or nobody's word is enough: it says nothing about the record, and changes nothing.
 */
import type { SourceAnswer } from "../DnsObservation.ts"
import { aliasAnswers, nextHop, observed, type Reading } from "../DnsVerdict.ts"
import { noEdits } from "./Edits.ts"
import { answersOf, chainFrom } from "./Seen.ts"
import { type Diagnosis, isWrong, type Judged, type Subject, say } from "./Subject.ts"
import { listed, serverName, utc } from "./Words.ts"

/** Why there is no verdict on the record. */
export const diagnoseNoVerdict = (subject: Subject, { name, readings }: Judged): Diagnosis => {
  const { all, zone } = subject
  const chain = chainFrom(all, name)
  const hops = chain.flatMap((hop) => aliasAnswers(all, hop) ?? [])
  const silent = hops.flatMap(({ sources }) => sources.filter(({ outcome }) => outcome === "unavailable"))
  const said = reasonsOf(silent)
  const standing = standingOf(subject)
  const bogus = silent.filter((source) => source.bogus === true)
  if (bogus.length > 0) {
    const message = `DNSSEC of ${zone} is broken: with validation no answer comes, without it one does (${serversOf(bogus)}). ${standing}`
    const fix = `Have ${zone} signed again, or remove its DS record at the registrar. Until then many receivers see none of its records.`
    return say("dnssec-broken", message, noEdits(fix), chain)
  }
  const own = readings.filter(({ source }) => source.role === "authoritative")
  const right = own.filter(({ verdict }) => verdict === "valid")
  const wrong = own.filter(isWrong)
  const split = hops.find((hop) => answersOf(hop).length > 1 && nextHop(hop) === "unknown")
  if (wrong.length > 0 || split !== undefined) {
    const what =
      wrong.length > 0
        ? `${name} is right at ${namesOf(right)}, but not at ${namesOf(wrong)}.${serials(subject)}`
        : `${split?.name} leads to different names.`
    const fix = "There is nothing to change: the DNS provider is still copying the zone. Ask the provider if it lasts."
    return say("servers-disagree", `The name servers do not agree: ${what} ${standing}`, noEdits(fix), [...chain, zone])
  }
  const ownSilent = silent.filter(({ role }) => role === "authoritative")
  const allSay = (words: RegExp) => ownSilent.length > 0 && ownSilent.every(({ reason = "" }) => words.test(reason))
  if (allSay(/private/)) {
    const message = `The internet cannot reach the name servers of ${zone}, which have private addresses: ${serversOf(ownSilent)}. ${standing}`
    const fix = "Publish the records in the public zone of the domain, on name servers with public addresses."
    return say("name-servers-private", message, noEdits(fix), chain)
  }
  if (own.every(({ verdict }) => verdict === "indeterminate") && allSay(/referral|REFUSED|no address|empty answer/)) {
    const message = `${zone} is delegated to servers that do not answer for it: ${said}. ${standing}`
    const fix = `At the registrar, name only the servers that serve ${zone}.`
    return say("lame-delegation", message, noEdits(fix), chain)
  }
  const doubt = right.length > 1 ? "resolvers get no answer" : "no second server confirms it"
  const what =
    right.length === 0
      ? `No usable answer came for ${chain[chain.length - 1]}`
      : `${name} is right at ${namesOf(right)}, but ${doubt}`
  const message = `${what}${said === "" ? "" : `: ${said}`}. ${standing}`
  return say("dns-unavailable", message, noEdits("There is nothing to change: the next probe asks again."), chain)
}

/** What the trouble means for the domain: nothing. */
const standingOf = ({ verified, lastRightAt, domain }: Subject): string => {
  if (verified !== true) return "This says nothing against the record."
  const seen = lastRightAt === undefined ? "" : `; its records were last seen right on ${utc(lastRightAt)}`
  return `${domain} stays verified${seen}.`
}

const serversOf = (sources: ReadonlyArray<SourceAnswer>): string =>
  listed([...new Set(sources.map(({ server }) => serverName(server)))])

const namesOf = (readings: ReadonlyArray<Reading>): string => serversOf(readings.map(({ source }) => source))

/** The resolver's words, each with the servers it is about. */
const reasonsOf = (silent: ReadonlyArray<SourceAnswer>): string =>
  [...Map.groupBy(silent, ({ reason = "no answer" }) => reason)]
    .map(([reason, sources]) => `${reason} (${serversOf(sources)})`)
    .join("; ")

/** The serials of the zone at its servers: the lowest one is the oldest copy. */
const serials = ({ all, zone }: Subject): string => {
  const seen = answersOf(observed(all, zone, "SOA")).flatMap(({ server, records }) =>
    records.map(({ value }) => `${value.split(" ")[2]} at ${serverName(server)}`)
  )
  return seen.length > 1 ? ` The zone's serials are ${listed(seen)}.` : ""
}
