/**
 * A record that is not there: it may be at a name nearby, as a panel or a person wrote it.
 */
import type { FindingCode } from "../FindingCode.ts"
import { valuesAt } from "./Seen.ts"
import { type Diagnosis, type Judged, type Subject, say } from "./Subject.ts"
import { listed } from "./Words.ts"

type Place = Pick<Subject, "domain" | "zone" | "registrable">

/** A mistake that puts a record at another name: at which, given the record's first label, and how it is explained. */
interface Misplacement {
  readonly code: FindingCode
  readonly names: (token: string, place: Place) => ReadonlyArray<string>
  readonly because: (place: Place) => string
  readonly hint?: string
}

/** The domain's parents, as far as they can belong to the customer. */
const parentsOf = (domain: string, registrable: string): ReadonlyArray<string> => {
  const parent = domain.slice(domain.indexOf(".") + 1)
  return domain.endsWith(`.${registrable}`) ? [parent, ...parentsOf(parent, registrable)] : []
}

/** The most frequent first. */
const misplacements: ReadonlyArray<Misplacement> = [
  {
    code: "domain-appended-twice",
    names: (token, { domain, zone }) => [`${token}._domainkey.${domain}.${zone}`],
    because: ({ zone }) => `the DNS provider appended ${zone} to the whole name`,
    hint: "Enter the host without the domain."
  },
  {
    code: "record-on-parent",
    names: (token, { domain, registrable }) =>
      parentsOf(domain, registrable).map((parent) => `${token}._domainkey.${parent}`),
    because: ({ domain }) => `that is not below ${domain}, but below its parent`
  },
  {
    code: "domainkey-label-missing",
    names: (token, { domain }) => [`${token}.${domain}`],
    because: () => "the label _domainkey is missing"
  },
  {
    code: "underscore-missing",
    names: (token, { domain }) => [`${token}.domainkey.${domain}`],
    because: () => "the underscore before domainkey is missing",
    hint: "If the panel refuses the underscore, ask the DNS provider to add the record."
  },
  {
    code: "record-on-subdomain",
    names: (token, { domain }) => [`${token}._domainkey.www.${domain}`],
    because: ({ domain }) => `that is below a subdomain of ${domain}`
  }
]

/** The names at which a record may be instead, a list for each mistake, the most frequent first. */
export const misplacedNames = (place: Place, { name }: Judged): ReadonlyArray<ReadonlyArray<string>> =>
  misplacements.map(({ names }) => names(name.slice(0, name.indexOf(".")), place))

/** Why nothing is at the name of the record. */
export const diagnoseMissing = (subject: Subject, judged: Judged): Diagnosis => {
  const { editor, all, zone, nameServers, provider } = subject
  const { record, decisive } = judged
  const add = editor.edit("add", record)
  const candidates = misplacedNames(subject, judged)
  for (const [index, { code, because, hint }] of misplacements.entries()) {
    // A wildcard may answer at such a name: only our own value shows that the record was meant.
    const values = [record.value, `${record.value}.${zone}`]
    const there = candidates[index]
      ?.flatMap((name) => valuesAt(all, name, "CNAME").map((value) => ({ ...record, name, value })))
      .find(({ value }) => values.includes(value))
    if (there === undefined) continue
    const fix = editor.fix([editor.edit("delete", there), add], hint)
    return say(code, `The record is at ${there.name}: ${because(subject)}.`, fix, [there.name], [there.name])
  }
  const where = nameServers.length === 0 ? "" : ` in the zone ${zone} at ${listed(nameServers)}`
  if (decisive?.source.outcome === "nxdomain") {
    return say("record-missing-nxdomain", `There is no record named ${record.name}${where}.`, editor.fix([add]), [zone])
  }
  const flattened =
    provider?.flattening === undefined ? undefined : `If it is there already, turn off ${provider.flattening} for it.`
  const message = `There is no CNAME record named ${record.name}${where}.`
  return say("record-missing-nodata", message, editor.fix([add], flattened), [zone])
}
