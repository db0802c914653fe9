/**
 * Findings in the form in which every dialect shows them.
 */
import type { Finding } from "@countersign/core"
import type { Finding as Shown } from "./FindingSchema.ts"

/** A time as ISO 8601 in UTC with milliseconds; null where there is none. */
export const isoTime = (at: number): string => new Date(at).toISOString()
export const isoTimeOrNull = (at: number | undefined): string | null => (at === undefined ? null : isoTime(at))

/** A finding without its evidence, which only the native dialect has room for. */
export const findingBody = ({ code, class: kind, record, expected, found, since, message, fix }: Finding): Shown => ({
  code,
  class: kind,
  record: record ?? null,
  expected: expected ?? null,
  found,
  since: isoTimeOrNull(since),
  message,
  fix: { message: fix.message, edits: fix.edits }
})
