/**
 * Findings in the form in which every dialect shows them.
 */
import type { Finding } from "@countersign/core"
import type { ListedSender, Senders } from "@countersign/engine"
import { Effect } from "effect"
import type { Finding as Shown } from "./FindingSchema.ts"
import { rememberForASecond } from "./Remembered.ts"

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

/**
 * The findings of a sender, remembered for a second as long as nothing changes that is shown of it: to read what its
 * probes saw costs as much as all the rest of an answer. One that is removed meanwhile has none.
 */
export const rememberFindings = (dns: Senders["Service"]["dns"]) => {
  const findingsOf = rememberForASecond<ReadonlyArray<Shown>>()
  return ({ account, id, updatedAt }: ListedSender) =>
    findingsOf(`${id} ${updatedAt}`, () =>
      dns({ account, id }).pipe(
        Effect.map(({ findings }) => findings.map(findingBody)),
        Effect.catchTag("SenderNotFound", () => Effect.succeed([]))
      )
    )
}
