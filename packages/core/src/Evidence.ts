/**
 * Evidence: observations cut to a size and to characters that every store can keep, so that nothing that somebody
 * publishes keeps an event from being written.
 *
 * A probe is bounded before it is judged, so that it is judged as it is stored.
 */
import { createHash } from "node:crypto"
import type { DnsObservation, SeenRecord, SourceAnswer } from "./DnsObservation.ts"

/** The most that one probe's evidence may take as JSON, in bytes. Three probes stay below 64 KiB in one event. */
export const longestEvidence = 20_000

/** The longest value and the longest reason that are kept, in characters. */
const longestText = 255

/** How much is kept; every step keeps less, and the first under which the evidence fits is taken. */
interface Limits {
  readonly sources: number
  /** Values of a source. Two aliases at one name are always kept: they are what is wrong. */
  readonly values: number
  readonly aliases: number
  readonly observations: number
}

// Two sources are always kept: what one alone says decides nothing. Whatever the last step keeps is short enough.
const steps: readonly [Limits, ...ReadonlyArray<Limits>] = [
  { sources: 4, values: 16, aliases: 16, observations: 40 },
  { sources: 4, values: 4, aliases: 4, observations: 40 },
  { sources: 4, values: 1, aliases: 2, observations: 40 },
  { sources: 2, values: 1, aliases: 2, observations: 40 },
  { sources: 2, values: 1, aliases: 2, observations: 16 },
  { sources: 2, values: 0, aliases: 2, observations: 12 },
  { sources: 2, values: 0, aliases: 2, observations: 3 }
]

/** The evidence of a probe: the same observations, bounded. Bounding what is bounded changes nothing. */
export const boundEvidence = (observations: ReadonlyArray<DnsObservation>): ReadonlyArray<DnsObservation> => {
  // Texts are escaped once, however many steps follow: what somebody publishes must not cost much time either.
  let bounded: ReadonlyArray<DnsObservation> = observations.slice(0, steps[0].observations).map(boundTexts)
  for (const limits of steps) {
    bounded = bounded.slice(0, limits.observations).map(({ sources, ...rest }) => ({
      ...rest,
      sources: sources.slice(0, limits.sources).map((source) => limitRecords(source, limits))
    }))
    if (Buffer.byteLength(JSON.stringify(bounded)) <= longestEvidence) break
  }
  return bounded
}

const limitRecords = (source: SourceAnswer, { values, aliases }: Limits): SourceAnswer => ({
  ...source,
  records: [
    ...source.records.filter(isAlias).slice(0, aliases),
    ...source.records.filter((record) => !isAlias(record)).slice(0, values)
  ]
})

const isAlias = ({ type }: SeenRecord): boolean => type === "CNAME"

const boundTexts = (observation: DnsObservation): DnsObservation => ({
  ...observation,
  name: shortText(observation.name),
  ...(observation.zone === undefined ? {} : { zone: shortText(observation.zone) }),
  sources: observation.sources
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, steps[0].sources)
    .map((source) => ({
      ...limitRecords(source, steps[0]),
      server: shortText(source.server, 64),
      ...(source.reason === undefined ? {} : { reason: shortText(source.reason) })
    }))
    .map((source) => ({ ...source, records: source.records.map(boundRecord) }))
})

/** Who answered comes first, and of those the zone's own servers: they decide. */
const rank = ({ outcome, role }: SourceAnswer): number =>
  (outcome === "unavailable" ? 2 : 0) + (role === "recursive" ? 1 : 0)

const boundRecord = ({ type, value, ttl, cut }: SeenRecord): SeenRecord => {
  const isLong = value.length > longestText || plainText(value).length > longestText
  const known = cut ?? (isLong ? { length: value.length, sha256: sha256(value) } : undefined)
  return {
    type: shortText(type, 16),
    value: shortText(value),
    ...(ttl === undefined ? {} : { ttl }),
    ...(known === undefined ? {} : { cut: known })
  }
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

// A store keeps neither NUL nor lone surrogates, and a terminal obeys control characters.
const unprintable = /[^\x20-\x7e]/

const escaped = Array.from({ length: 256 }, (_, octet) => {
  const character = String.fromCharCode(octet)
  return unprintable.test(character) ? `\\${String(octet).padStart(3, "0")}` : character
})

/** Printable ASCII as it is; every other octet of the UTF-8 form as `\DDD` (RFC 1035, section 5.1). */
const plainText = (text: string): string =>
  unprintable.test(text) ? Array.from(Buffer.from(text), (octet) => escaped[octet]).join("") : text

/** The beginning of a text: what is not kept is not escaped either. */
const shortText = (text: string, length = longestText): string => plainText(text.slice(0, length)).slice(0, length)
