/**
 * A finding: what is wrong with the published records, with its evidence, and how to mend it, as a sentence and as
 * data.
 *
 * Derived on reading (`diagnose`), never stored, so that better diagnosis is better at once, for old evidence too.
 */
import type { DnsObservation } from "./DnsObservation.ts"
import type { FindingCode } from "./FindingCode.ts"

/** What kind of finding it is. An advisory keeps nobody from being verified. */
export type FindingClass = "missing" | "mismatch" | "conflict" | "could-not-ask" | "advisory"

/**
 * One change in a DNS panel. `add` the record, `change` the record that is there to `value`, or `delete` the record
 * that has `value` now.
 */
export interface Edit {
  readonly action: "add" | "change" | "delete"
  readonly type: string
  /** The name as most panels want it: relative to the zone. `@` is the zone itself. */
  readonly host: string
  /** The whole name, with its trailing dot: what a panel that takes absolute names wants. */
  readonly name: string
  /** A name as a value has its trailing dot. */
  readonly value: string
  /** The record as a line of a zone file (RFC 1035, section 5.1), for panels that read one. */
  readonly line: string
}

/** What to do. Without edits there is nothing to change in the zone, or the choice is its owner's. */
export interface Fix {
  readonly edits: ReadonlyArray<Edit>
  /** The same, as a sentence for a person. */
  readonly message: string
}

/** One thing that a person should know about the records of a domain. */
export interface Finding {
  /** Stable: programs may compare it. Each is documented in `docs/reference/findings.md`. */
  readonly code: FindingCode
  readonly class: FindingClass
  /** The record of the plan that it is about; `undefined` when it is about the domain. */
  readonly record: string | undefined
  /** The value that the record should have. */
  readonly expected: string | undefined
  /** What stands there instead. */
  readonly found: ReadonlyArray<string>
  /** The answers that show it. */
  readonly evidence: ReadonlyArray<DnsObservation>
  /** Since when it is so, in milliseconds since the epoch, where that is known. */
  readonly since: number | undefined
  /** What is seen, in one or two sentences. */
  readonly message: string
  readonly fix: Fix
}
