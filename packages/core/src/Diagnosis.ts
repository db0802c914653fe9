/**
 * What is wrong with the published records, and how to mend it: a stable code, the evidence, one sentence and the fix.
 *
 * Derived on reading from the plan and what was last seen; never stored, so better diagnosis is better at once.
 */
import type { DnsPlan, DnsRecord } from "./DnsPlan.ts"
import { type DnsObservation, judgeRecord, sameName } from "./DnsVerdict.ts"

/** What is wrong with a record. Stable: programs may compare it. */
export type FindingCode =
  | "record-missing-nxdomain"
  | "record-missing-nodata"
  | "wrong-record-type"
  | "several-cnames"
  | "target-mismatch"
  | "target-suffix-appended"
  | "target-truncated"
  | "targets-swapped"
  | "dns-unavailable"

/** One mistake in the published records: what was expected, what was found, and how to mend it. */
export interface Finding {
  readonly code: FindingCode
  /** The name of the record it is about. */
  readonly name: string
  readonly expected: string
  readonly found: ReadonlyArray<string>
  /** What is seen, in one sentence. */
  readonly message: string
  /** What to do, in one sentence. */
  readonly fix: string
}

/** One finding for each record that is not right. */
export const diagnose = (plan: DnsPlan, domain: string, seen: ReadonlyArray<DnsObservation>): ReadonlyArray<Finding> =>
  plan.records.flatMap((record) => {
    const observation = seen.find(({ name }) => sameName(name, record.name))
    const finding = observation === undefined ? undefined : diagnoseRecord(plan, domain, record, observation)
    return finding === undefined ? [] : [finding]
  })

const diagnoseRecord = (
  plan: DnsPlan,
  domain: string,
  record: DnsRecord,
  seen: DnsObservation
): Finding | undefined => {
  const { verdict, found } = judgeRecord(record, seen)
  const say = (code: FindingCode, message: string, fix: string): Finding => ({
    code,
    name: record.name,
    expected: record.value,
    found,
    message,
    fix
  })
  const publish = `Publish the record: ${record.name} CNAME ${record.value}`
  switch (verdict) {
    case "valid":
      return undefined
    case "indeterminate":
      return say(
        "dns-unavailable",
        `The DNS gave no usable answer for ${record.name} (${seen.reason ?? "no answer"}); this says nothing about the record.`,
        "There is nothing to do: the next probe tries again."
      )
    case "missing":
      return seen.outcome === "nxdomain"
        ? say("record-missing-nxdomain", `There is no record named ${record.name}.`, publish)
        : say("record-missing-nodata", `The name ${record.name} exists but has no CNAME record.`, publish)
    case "conflict":
      return (seen.targets[0]?.length ?? 0) > 1
        ? say(
            "several-cnames",
            `${record.name} has several CNAME records; a name may have only one.`,
            `Delete all of them except the one to ${record.value}`
          )
        : say(
            "wrong-record-type",
            `${record.name} has records of another type (${found.join(", ")}) where the CNAME belongs.`,
            `Delete them and publish a CNAME record to ${record.value}`
          )
    case "mismatch":
      return diagnoseTarget(plan, domain, record, found[0] ?? "", say)
  }
}

const diagnoseTarget = (
  plan: DnsPlan,
  domain: string,
  record: DnsRecord,
  target: string,
  say: (code: FindingCode, message: string, fix: string) => Finding
): Finding => {
  const change = `Change the target of ${record.name} to ${record.value}`
  if (sameName(target, `${record.value}.${domain}`)) {
    return say(
      "target-suffix-appended",
      `The DNS provider appended the domain to the target: ${target}.`,
      `Enter the target with a dot at its end: ${record.value}.`
    )
  }
  if (target !== "" && record.value.startsWith(target)) {
    return say("target-truncated", `The target is cut off after ${target.length} characters: ${target}.`, change)
  }
  if (plan.records.some(({ value }) => sameName(value, target))) {
    return say("targets-swapped", `${record.name} points to the target of another record: ${target}.`, change)
  }
  return say("target-mismatch", `${record.name} points to ${target} instead of ${record.value}.`, change)
}
