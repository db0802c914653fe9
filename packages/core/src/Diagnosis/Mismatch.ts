/**
 * A CNAME that is there and leads elsewhere: what became of the value, or whose it is.
 */
import { vendorOf } from "../DnsProvider.ts"
import { isQueryable, longestAliasChain } from "../DnsVerdict.ts"
import { chainFrom } from "./Seen.ts"
import { type Diagnosis, type Judged, type Subject, say } from "./Subject.ts"
import { diagnoseDname, diagnoseWildcard } from "./Wildcard.ts"
import { shown } from "./Words.ts"

/** Why the CNAME of the record does not lead to its value. */
export const diagnoseMismatch = (subject: Subject, judged: Judged): Diagnosis =>
  diagnoseWildcard(subject, judged) ??
  diagnoseDname(subject, judged) ??
  diagnoseChain(subject, judged) ??
  diagnoseTarget(subject, judged)

/** That the aliases never end. */
const diagnoseChain = ({ all, editor }: Subject, { record }: Judged): Diagnosis | undefined => {
  const chain = chainFrom(all, record.name)
  const last = chain[chain.length - 1] ?? ""
  const fix = editor.fix([editor.edit("change", record)])
  const names = chain.map(shown).join(" -> ")
  if (chain.indexOf(last) < chain.length - 1) {
    return say("alias-loop", `The aliases lead in a circle: ${names}.`, fix, chain)
  }
  return chain.length <= longestAliasChain || !isQueryable(last)
    ? undefined
    : say("alias-chain-too-long", `The chain of aliases is too long: ${names}.`, fix, chain)
}

/** What the value is instead. */
const diagnoseTarget = ({ plan, editor, domain, zone, records }: Subject, { record, found }: Judged): Diagnosis => {
  const { name, value } = record
  const target = found[0] ?? ""
  const points = `${name} points to ${shown(target)}`
  const change = editor.edit("change", record)
  const fix = (hint?: string) => editor.fix([change], hint)
  const plain = unescaped(target)
  if (/\s/.test(plain)) {
    const where = /^\s/.test(plain) ? "at its beginning" : /\s$/.test(plain) ? "at its end" : "within"
    const message = `The value has a space ${where}: ${name} points to "${shown(plain)}".`
    return say("target-has-spaces", message, fix("Enter it without spaces."))
  }
  if (target !== plain && plain.replace(/\.$/, "") === value) {
    const message = `The value is one label with dots in it instead of a name: ${points}.`
    return say("target-one-label", message, fix("Enter it without backslashes and quotation marks."))
  }
  const appended = [domain, zone, `_domainkey.${domain}`, name].find((suffix) => target === `${value}.${suffix}`)
  if (appended !== undefined) {
    const message = `The DNS provider appended ${appended} to the value: ${points}.`
    return say("target-suffix-appended", message, fix("Enter the value with a dot at its end."))
  }
  if (target !== "" && value.startsWith(target)) {
    return say("target-truncated", `The value is cut off after ${target.length} characters: ${points}.`, fix())
  }
  const swapped = records.find((other) => other.record.value === target)
  if (swapped !== undefined) {
    // Whoever mends one of two that are swapped has to see the other.
    const edits = swapped.verdict === "mismatch" ? [change, editor.edit("change", swapped.record)] : [change]
    return say("targets-swapped", `${points}, the value of ${swapped.name}.`, editor.fix(edits), [swapped.name])
  }
  if (isMistyped(target, value)) {
    return say("target-typo", `The value seems mistyped: ${points} instead of ${value}.`, fix())
  }
  if (target.endsWith(`.${plan.zone}`)) {
    return say("target-of-other-setup", `${points}, which belongs to an earlier setup or another account.`, fix())
  }
  const vendor = vendorOf(target)
  if (vendor !== undefined) {
    const hint = `The records that ${vendor} asked for have other names and stay as they are.`
    return say("target-of-other-vendor", `${points}, which belongs to ${vendor}.`, fix(hint))
  }
  return say("target-mismatch", `${points} instead of ${value}.`, fix())
}

/** What was typed: octets that a host name cannot have are escaped (RFC 1035, section 5.1). */
const unescaped = (name: string): string =>
  name.replaceAll(/\\(\d{3}|.)/g, (_, what: string) => (what.length === 3 ? String.fromCharCode(Number(what)) : what))

/** That the two differ in one place, and there in two characters at most. */
const isMistyped = (typed: string, meant: string): boolean => {
  const shorter = Math.min(typed.length, meant.length)
  let start = 0
  while (start < shorter && typed[start] === meant[start]) start++
  let end = 0
  while (end < shorter - start && typed.at(-1 - end) === meant.at(-1 - end)) end++
  return Math.max(typed.length, meant.length) - start - end <= 2
}
