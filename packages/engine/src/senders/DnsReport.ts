/**
 * What is known about the DNS of a sender's domain: the records with their verdicts, the findings, and the probes.
 */
import type { DnsObservation, Finding, ProbeResult, Verdict } from "@countersign/core"
import type { ListedSender } from "../ports/SenderDirectory.ts"

/** A record to publish and what the last probe says about it. */
export interface ReportedRecord {
  readonly type: "CNAME"
  /** The whole name, without a trailing dot. */
  readonly name: string
  /** The name relative to its zone: what most DNS panels want. */
  readonly host: string
  readonly value: string
  /** `undefined` before the first probe. */
  readonly verdict: Verdict | undefined
  readonly found: ReadonlyArray<string>
}

/** A probe that was made. Times are milliseconds since the epoch. */
export interface ReportedProbe {
  readonly at: number
  readonly result: ProbeResult
  readonly mode: DnsObservation["mode"]
}

/** What a report is made from. A plan need not be that of a sender who was added. */
export type Reported = Pick<ListedSender, "plan" | "kind" | "domain" | "domainState">

/** See the top of the file. */
export interface DnsReport<Of extends Reported = ListedSender> {
  readonly sender: Of
  /** The zone in which the records belong, as far as it is known; else the registrable domain. */
  readonly zone: string
  readonly records: ReadonlyArray<ReportedRecord>
  readonly findings: ReadonlyArray<Finding>
  readonly lastProbe: ReportedProbe | undefined
  readonly nextProbeAt: number | undefined
  /** When a probe last found every record right. */
  readonly lastRightAt: number | undefined
  /** Which source said what in the last probe. */
  readonly evidence: ReadonlyArray<DnsObservation>
}
