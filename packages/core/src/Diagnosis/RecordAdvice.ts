/**
 * What is good to know about a record that is right.
 */
import type { SeenRecord } from "../DnsObservation.ts"
import { aliasesIn } from "../DnsVerdict.ts"
import { adviseBeside } from "./Conflict.ts"
import { noEdits } from "./Edits.ts"
import { chainFrom, hasNone } from "./Seen.ts"
import { type Diagnosis, isWrong, type Judged, type Subject, say } from "./Subject.ts"
import { duration, listed, serverName, shown } from "./Words.ts"

type Advise = (subject: Subject, judged: Judged) => Diagnosis | undefined

/** A day, in seconds: nobody gains by a longer one, and a mistake lasts as long. */
const longestTtl = 86_400

/** The customer's part is done, and the service's is not. */
const adviseTarget: Advise = ({ all }, { record: { name, value } }) => {
  if (!hasNone(all, value, "TXT")) return undefined
  const fix = noEdits("There is nothing to change in the zone: the service that signs has to publish its key.")
  return say("our-target-missing", `${name} is right, but there is no key at ${value} yet.`, fix, [value])
}

const adviseFlattened: Advise = ({ provider }, { record: { name, value }, decisive }) => {
  if (aliasesIn(decisive?.source.records ?? []).length > 0) return undefined
  const message = `${name} has no CNAME, but the key of ${value}: the DNS provider follows the CNAME itself. This works.`
  const off = `Turn off ${provider?.flattening ?? "flattening"} for this record if new keys should count at once.`
  return say("cname-flattened", message, noEdits(`There is nothing to change. ${off}`), [value])
}

const adviseChain: Advise = ({ all }, { record: { name, value } }) => {
  const chain = chainFrom(all, name)
  const over = chain.slice(1, chain.indexOf(value))
  if (over.length === 0) return undefined
  const message = `${name} leads to ${value} over ${listed(over.map(shown))}. It works as long as each of them does.`
  return say("alias-chain", message, noEdits("There is nothing to change."), over)
}

const adviseCaches: Advise = (_, { name, readings }) => {
  const late = readings.filter((reading) => reading.source.role === "recursive" && isWrong(reading))
  if (late.length === 0) return undefined
  const ttls = late.flatMap(({ source }) => source.negativeTtl ?? largestTtl(source.records))
  const left = Math.max(...ttls) > 0 ? ` for up to ${duration(Math.max(...ttls))}` : ""
  const who = listed(late.map(({ source }) => serverName(source.server)))
  const message = `${name} is right, but ${who} may go on giving an earlier answer${left}.`
  return say("not-yet-in-caches", message, noEdits("There is nothing to change: caches forget by themselves."))
}

const adviseTtl: Advise = ({ editor }, { record, decisive }) => {
  const ttl = largestTtl(decisive?.source.records ?? [])
  if (ttl <= longestTtl) return undefined
  const edit = editor.edit("change", record)
  const fix = { edits: [edit], message: `Set the TTL of the CNAME record with the host ${edit.host} to 3600 seconds.` }
  return say("ttl-too-long", `Caches may keep ${record.name} for ${duration(ttl)}, and a mistake as long.`, fix)
}

/** In seconds; 0 where none is known. */
const largestTtl = (records: ReadonlyArray<SeenRecord>): number => Math.max(0, ...records.map(({ ttl = 0 }) => ttl))

/** What is good to know about the record. */
export const adviseRecord = (subject: Subject, judged: Judged): ReadonlyArray<Diagnosis> =>
  [adviseTarget, adviseBeside, adviseFlattened, adviseChain, adviseCaches, adviseTtl].flatMap(
    (advise) => advise(subject, judged) ?? []
  )
