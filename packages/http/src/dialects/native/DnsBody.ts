/**
 * What is known about the DNS of a domain, in the words of the native dialect. Pure.
 */
import type { DnsObservation, Finding } from "@countersign/core"
import type { DnsReport as Reported, ReportedRecord } from "@countersign/engine"
import { findingBody, isoTime, isoTimeOrNull } from "../../FindingBody.ts"
import type { DnsReport, Observation } from "./DnsReport.ts"

export const observationBody = ({ at, ...seen }: DnsObservation): Observation => ({ ...seen, at: isoTime(at) })

const recordBody = ({ type, name, host, value, verdict, found }: ReportedRecord): DnsReport["records"][number] => ({
  type,
  name,
  host,
  value,
  verdict: verdict ?? null,
  found,
  forms: {
    relative: { host, value: `${value}.` },
    absolute: { host: `${name}.`, value: `${value}.` },
    zoneFile: `${name}. IN ${type} ${value}.`
  }
})

const reportedFinding = (finding: Finding): DnsReport["findings"][number] => ({
  ...findingBody(finding),
  evidence: finding.evidence.map(observationBody)
})

/** The whole report. */
export const dnsBody = (report: Reported): DnsReport => {
  const { sender, zone, records, findings, lastProbe, nextProbeAt, lastRightAt, evidence } = report
  return {
    zone,
    domainState: sender.domainState,
    records: records.map(recordBody),
    findings: findings.map(reportedFinding),
    lastProbe: lastProbe === undefined ? null : { ...lastProbe, at: isoTime(lastProbe.at) },
    nextProbeAt: isoTimeOrNull(nextProbeAt),
    lastRightAt: isoTimeOrNull(lastRightAt),
    evidence: evidence.map(observationBody)
  }
}
