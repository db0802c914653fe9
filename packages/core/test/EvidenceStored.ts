/**
 * What evidence comes to in a store: an event with three probes of it.
 */
import { Result } from "effect"
import { expect } from "vitest"
import type { DnsObservation } from "../src/DnsObservation.ts"
import { type SenderEvent, senderEventCodec } from "../src/SenderEvent.ts"
import { elsewhere, t0 } from "./SenderExamples.ts"

/** The size as JSON, in bytes. */
export const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

/** An event with three probes of this evidence, as it is stored and read again. */
export const stored = (evidence: ReadonlyArray<DnsObservation>) => {
  const negatives = [0, 1, 2].map((hours) => ({ at: t0 + hours * 3_600_000, evidence }))
  const event: SenderEvent = { _tag: "DomainDegraded", at: t0 + 7_200_000, negatives, inheritedFrom: elsewhere }
  const encoded = senderEventCodec.encode(event)
  expect(Buffer.byteLength(encoded.data)).toBeLessThan(64 * 1_024)
  expect(encoded.data).toMatch(/^[\x20-\x7e]*$/)
  // What PostgreSQL refuses in JSON.
  expect(encoded.data).not.toContain("\\u0000")
  expect(Result.getOrThrow(senderEventCodec.decode(encoded))).toStrictEqual(event)
  return encoded.data
}
