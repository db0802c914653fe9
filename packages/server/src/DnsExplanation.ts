/**
 * What is known about the DNS of a domain, for a person on a terminal and as JSON: the records with their verdicts, the
 * probes, the findings with what to do, and which source said what.
 */
import type { DnsObservation, Finding, SourceAnswer, Verdict } from "@countersign/core"
import type { DnsReport, ListedSender, Reported, ReportedProbe } from "@countersign/engine"
import { several, timeOf } from "./CommandAnswers.ts"
import { type Paint, printable, table } from "./Terminal.ts"

/** A report, and the senders that it holds for: none when the plan was given by hand. */
export interface Explained {
  readonly report: DnsReport<Reported>
  readonly senders: ReadonlyArray<ListedSender>
}

/** As JSON: times as text, and null for what is not known. */
export const explanationView = ({ report: { sender, ...report }, senders }: Explained): unknown => {
  const { domain } = sender
  const named = senders.map(({ id, address, status, domainState }) => ({ id, address, status, domainState }))
  const view = { domain, account: senders[0]?.account, senders: named, ...report }
  const replaced = (name: string, value: unknown): unknown =>
    typeof value === "number" && /^(?:at|since)$|At$/.test(name) ? timeOf(value) : value === undefined ? null : value
  return JSON.parse(JSON.stringify(view, replaced))
}

const verdictColour = (verdict: Verdict | undefined) =>
  verdict === "valid" ? "green" : verdict === undefined || verdict === "indeterminate" ? "yellow" : "red"

const classColour = (kind: Finding["class"]) =>
  kind === "advisory" ? "bold" : kind === "could-not-ask" ? "yellow" : "red"

const results: { readonly [R in ReportedProbe["result"]]: string } = {
  valid: "all records are right",
  negative: "not all records are right",
  indeterminate: "no result, because servers did not answer or did not agree"
}

/** For a person. */
export const explanationLines = ({ report, senders }: Explained, paint: Paint): ReadonlyArray<string> => {
  const { sender, zone, records, findings, lastProbe, nextProbeAt, lastRightAt, evidence } = report
  const [first] = senders
  const whose = first === undefined ? "" : `, ${several(senders.length, "sender")} of account ${first.account}`
  const times = [
    ["Last probe:", lastProbe === undefined ? "none yet" : `${timeOf(lastProbe.at)}, ${results[lastProbe.result]}`],
    ...(nextProbeAt === undefined ? [] : [["Next probe:", timeOf(nextProbeAt)]]),
    ...(lastRightAt === undefined ? [] : [["Last right:", timeOf(lastRightAt)]])
  ]
  return [
    paint("bold", printable(`${sender.domain}${whose}`)),
    "",
    printable(`Records to publish in the zone ${zone}:`),
    ...table(
      records.map(({ verdict = "not probed", host, type, value }) => [`  ${verdict}`, host, type, value]),
      (cell, column, row) => (column === 0 ? paint(verdictColour(records[row]?.verdict), cell) : cell)
    ),
    "",
    ...table(times),
    ...findings.flatMap((finding) => ["", ...findingLines(finding, paint)]),
    ...(evidence.length === 0 ? [] : ["", "What each server said:", ...evidence.flatMap(evidenceLines)])
  ]
}

const findingLines = ({ code, record, message, fix, since, ...finding }: Finding, paint: Paint) => [
  `${paint(classColour(finding.class), code)}${record === undefined ? "" : `  ${printable(record)}`}`,
  printable(`  ${message}`),
  printable(`  ${fix.message}`),
  ...(since === undefined ? [] : [`  Seen since ${timeOf(since)}.`])
]

const evidenceLines = ({ name, type, sources }: DnsObservation): ReadonlyArray<string> => [
  printable(`  ${name} ${type}`),
  ...table(sources.map((source) => [`    ${source.server}`, roles[source.role], answerText(source, type)]))
]

const roles = { authoritative: "name server of the zone", recursive: "resolver" } as const

const answerText = ({ outcome, records, negativeTtl, reason, bogus }: SourceAnswer, type: string): string => {
  const kept = negativeTtl ? ` (caches may keep that for ${negativeTtl} s)` : ""
  const texts = records.map(({ type, value, ttl, cut }) => {
    const rest = cut === undefined ? "" : `… (${cut.length} characters)`
    return `${type} ${value}${rest}${ttl === undefined ? "" : ` (TTL ${ttl} s)`}`
  })
  switch (outcome) {
    case "records":
      return texts.length === 0 ? `no ${type} record` : texts.join(", ")
    case "nxdomain":
      return `no such name${kept}`
    case "nodata":
      return `no ${type} record${kept}`
    case "unavailable":
      return `no usable answer: ${reason ?? "no reason given"}${bogus === true ? " (the DNSSEC signatures are wrong)" : ""}`
  }
}
