/**
 * Answers that are made for every name: those of a wildcard record (RFC 4592), and those of a DNAME above (RFC 6672).
 *
 * A name that nobody published is asked. A wildcard answers it with the same, a DNAME with that name below another one.
 */
import type { DnsRecordType } from "../DnsObservation.ts"
import { registrableDomain } from "../DomainName.ts"
import { makeEditor } from "./Edits.ts"
import { valuesAt } from "./Seen.ts"
import { type Diagnosis, type Judged, type Subject, say } from "./Subject.ts"
import { listed, shown } from "./Words.ts"

const nobodys = "no-record-has-this-name"

/** A name beside the records that nobody published. */
export const nobodysName = (domain: string): string => `${nobodys}._domainkey.${domain}`

/** The types of records that may stand where the CNAME was meant. */
export const typesInPlace: ReadonlyArray<DnsRecordType> = ["CNAME", "TXT", "A", "AAAA"]

/** That the name of the record is answered as any other name would be. */
export const diagnoseWildcard = ({ all, domain, editor }: Subject, { record }: Judged): Diagnosis | undefined => {
  const other = nobodysName(domain)
  for (const type of typesInPlace) {
    const values = valuesAt(all, record.name, type)
    if (!values.some((value) => valuesAt(all, other, type).includes(value))) continue
    const what = listed(values.map((value) => `${type} ${shown(value)}`))
    const message = `A wildcard record answers for ${record.name} (${what}); the record itself is not there.`
    return say("wildcard-answers", message, editor.fix([editor.edit("add", record)]), [other])
  }
  return undefined
}

/** That a DNAME redirects the record's name together with all names beside it. */
export const diagnoseDname = ({ all, domain, provider }: Subject, { record }: Judged): Diagnosis | undefined => {
  const label = record.name.slice(0, record.name.indexOf("."))
  const other = nobodysName(domain)
  const targets = valuesAt(all, other, "CNAME").filter((value) => value.startsWith(`${nobodys}.`))
  const [target] = targets.map((value) => label + value.slice(nobodys.length))
  if (target === undefined || !valuesAt(all, record.name, "CNAME").includes(target)) return undefined
  const zone = registrableDomain(target)
  const editor = makeEditor(zone, zone === registrableDomain(domain) ? provider : undefined)
  const fix = editor.fix([editor.edit("add", { ...record, name: target })], `That is in the zone ${zone}.`)
  return say("dname-above", `A DNAME record above ${record.name} redirects it to ${target}.`, fix, [other, target])
}
