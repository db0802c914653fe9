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
const steps: ReadonlyArray<Limits> = [
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
  let bounded: ReadonlyArray<DnsObservation> = []
  for (const limits of steps) {
    bounded = observations.slice(0, limits.observations).map((observation) => boundObservation(observation, limits))
    if (Buffer.byteLength(JSON.stringify(bounded)) <= longestEvidence) return bounded
  }
  return bounded
}

const boundObservation = (observation: DnsObservation, limits: Limits): DnsObservation => ({
  ...observation,
  name: plainText(observation.name).slice(0, longestText),
  ...(observation.zone === undefined ? {} : { zone: plainText(observation.zone).slice(0, longestText) }),
  // The zone's own servers first: they decide.
  sources: observation.sources
    .toSorted((a, b) => Number(b.role === "authoritative") - Number(a.role === "authoritative"))
    .slice(0, limits.sources)
    .map((source) => boundSource(source, limits))
})

const boundSource = (source: SourceAnswer, { values, aliases }: Limits): SourceAnswer => {
  const isAlias = ({ type }: SeenRecord) => type === "CNAME"
  return {
    ...source,
    server: plainText(source.server).slice(0, 64),
    records: [
      ...source.records.filter(isAlias).slice(0, aliases),
      ...source.records.filter((record) => !isAlias(record)).slice(0, values)
    ].map(boundRecord),
    ...(source.reason === undefined ? {} : { reason: plainText(source.reason).slice(0, longestText) })
  }
}

const boundRecord = ({ type, value, ttl, cut }: SeenRecord): SeenRecord => {
  const plain = plainText(value)
  const known = cut ?? (plain.length > longestText ? { length: plain.length, sha256: sha256(value) } : undefined)
  return {
    type: plainText(type).slice(0, 16),
    value: plain.slice(0, longestText),
    ...(ttl === undefined ? {} : { ttl }),
    ...(known === undefined ? {} : { cut: known })
  }
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

// A store keeps neither NUL nor lone surrogates, and a terminal obeys control characters.
const unprintable = /[^\x20-\x7e]/gu

/** Printable ASCII as it is; every other octet of the UTF-8 form as `\DDD` (RFC 1035, section 5.1). */
const plainText = (text: string): string =>
  text.replaceAll(unprintable, (character) =>
    Array.from(Buffer.from(character), (octet) => `\\${String(octet).padStart(3, "0")}`).join("")
  )
