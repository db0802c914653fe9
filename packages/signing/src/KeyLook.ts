/**
 * One look at a key in the DNS: what a verifier of mail will find at a name below the slot, by each server of our zone
 * and each configured resolver. A key is seen when all of them show it, and missing when one shows something else.
 */
import {
  boundEvidence,
  type DnsObservation,
  isSigningKey,
  type KeyId,
  type KeySlot,
  type RingKey,
  type SourceAnswer,
  sameKey,
  slotZone
} from "@countersign/core"
import type { DnsResolver } from "@countersign/engine"
import { Effect } from "effect"
import { keyRecordOf } from "./KeyRecords.ts"

/** What a look came to. */
export interface KeyLook {
  readonly slot: KeySlot
  readonly keyId: KeyId
  /** `unknown`: one that has to show it gave no answer. */
  readonly sight: "seen" | "missing" | "unknown"
  /** What is wrong, in one sentence for the operator. */
  readonly problem: string | undefined
  /** For how long a cache may keep what was answered, in milliseconds. */
  readonly keptFor: number
  readonly evidence: ReadonlyArray<DnsObservation>
}

/** Below each slot a wildcard answers; this name is asked. No token is like it: they have 32 characters. */
const label = "countersign"

/** Looks at the key of a slot. */
export const lookAtKey = Effect.fn("KeyLook")(function* (
  resolver: DnsResolver["Service"],
  zone: string,
  slot: KeySlot,
  { keyId, publicKey, seenSince }: RingKey
): Effect.fn.Return<KeyLook> {
  const name = `${label}.${slotZone(slot, zone)}`
  // Before it was seen, resolvers are not asked for what the zone does not have: they would keep the no.
  const seen = yield* resolver.ask(name, "TXT", { domain: zone, mayBeMissing: seenSince !== undefined })
  const problems = seen.sources.map((source) => problemOf(source, name, publicKey))
  const wrong =
    problems.find((problem) => problem?.isWrong === true) ?? problems.find((problem) => problem !== undefined)
  return {
    slot,
    keyId,
    sight: wrong === undefined ? "seen" : wrong.isWrong ? "missing" : "unknown",
    problem: wrong?.sentence,
    keptFor: 1_000 * Math.max(0, ...seen.sources.map(keptBy)),
    evidence: boundEvidence([seen])
  }
})

/** What is wrong with one answer; without `isWrong` it says nothing about the key. */
const problemOf = (
  { server, outcome, records, reason = "no answer" }: SourceAnswer,
  name: string,
  publicKey: string
): { readonly isWrong: boolean; readonly sentence: string } | undefined => {
  const wrong = (sentence: string) => ({ isWrong: true, sentence })
  if (outcome === "unavailable")
    return { isWrong: false, sentence: `${server} does not tell what is at ${name}: ${reason}.` }
  const [record, second] = records.filter(({ type }) => type === "TXT")
  if (record === undefined) return wrong(`${server} shows no TXT record at ${name}.`)
  if (second !== undefined)
    return wrong(`${server} shows several TXT records at ${name}: delete those that are not the key.`)
  if (!sameKey(record.value, keyRecordOf(publicKey)))
    return wrong(`${server} shows another key at ${name}, or a part of it.`)
  if (!isSigningKey(record.value))
    return wrong(`${server} shows the key at ${name} with tags that keep verifiers from trusting it.`)
  return undefined
}

const keptBy = ({ records, negativeTtl = 0 }: SourceAnswer): number =>
  Math.max(negativeTtl, ...records.map(({ ttl = 0 }) => ttl))
