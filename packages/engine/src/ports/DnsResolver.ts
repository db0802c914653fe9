/**
 * The resolver asks the DNS one question, and tells what each source said to it: observations, not verdicts.
 *
 * It never guesses. Whatever is not an answer about the name is `unavailable`, with its reason in words. Which sources
 * it asks is its own business; how much they count is core's (`DnsVerdict.ts`).
 */
import type { DnsObservation, DnsRecordType } from "@countersign/core"
import { Context, type Effect } from "effect"

/** How a question is meant. */
export interface DnsQuestionOptions {
  /**
   * Whether recursive resolvers may be asked about a name that nobody has shown to exist. Their caches keep the no, and
   * it is ours then: only for a name that was there before. `false` when absent.
   */
  readonly mayBeMissing?: boolean
  /** The domain that is probed. Names outside of it and of our own zone are asked of recursive resolvers only. */
  readonly domain?: string
}

/** Asks the DNS. */
export class DnsResolver extends Context.Service<
  DnsResolver,
  {
    /**
     * Asks for the records at exactly this name; for CNAME that is one hop. Always answers, within the adapter's time
     * limits, with at least one source.
     */
    readonly ask: (name: string, type: DnsRecordType, options?: DnsQuestionOptions) => Effect.Effect<DnsObservation>
    /**
     * `resolver` when only recursive resolvers are asked, now or always: then a question about a name that is not
     * published yet puts a no into their caches.
     */
    readonly mode: Effect.Effect<DnsObservation["mode"]>
    /** How long a domain that is new waits for its first probe in the mode `resolver`, in milliseconds. */
    readonly firstProbeAfter: number
  }
>()("countersign/DnsResolver") {}

export type { DnsRecordType }
