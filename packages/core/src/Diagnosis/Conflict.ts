/**
 * Something that excludes the CNAME stands at its name.
 */
import { isKeyRecord } from "../DkimKey.ts"
import type { SeenRecord } from "../DnsObservation.ts"
import { aliasesIn } from "../DnsVerdict.ts"
import { distinct, recordsAt } from "./Seen.ts"
import { type Diagnosis, type Judged, type Subject, say } from "./Subject.ts"
import { diagnoseWildcard, typesInPlace } from "./Wildcard.ts"
import { listed, shown } from "./Words.ts"

/** What stands in place of the CNAME. */
export const diagnoseConflict = (subject: Subject, judged: Judged): Diagnosis =>
  diagnoseSeveral(subject, judged) ?? diagnoseWildcard(subject, judged) ?? diagnoseOthers(subject, judged)

const diagnoseSeveral = ({ editor }: Subject, { record, decisive }: Judged): Diagnosis | undefined => {
  const targets = aliasesIn(decisive?.source.records ?? []).toSorted()
  if (targets.length < 2) return undefined
  const wrong = targets.filter((target) => target !== record.value)
  const deletions = wrong.map((value) => editor.edit("delete", { ...record, value }))
  const message = `${record.name} has ${targets.length} CNAME records, to ${listed(targets.map(shown))}; it may have only one.`
  const add = wrong.length < targets.length ? [] : [editor.edit("add", record)]
  return say("several-cnames", message, editor.fix([...deletions, ...add]))
}

/** What may stand beside a CNAME: the records of DNSSEC (RFC 4034). */
const mayStandBeside: ReadonlyArray<string> = ["CNAME", "RRSIG", "NSEC"]

/** The records of other types at the name. Some servers give them in answer to the question for the CNAME. */
const othersAt = ({ all }: Subject, { name, decisive }: Judged): ReadonlyArray<SeenRecord> => {
  const asked = typesInPlace.flatMap((type) => recordsAt(all, name, type))
  return distinct([...(decisive?.source.records ?? []), ...asked]).filter(({ type }) => !mayStandBeside.includes(type))
}

const inWords = (records: ReadonlyArray<SeenRecord>): string =>
  listed(records.map(({ type, value }) => `${type} ${shown(value)}`))

const diagnoseOthers = (subject: Subject, judged: Judged): Diagnosis => {
  const { editor, provider } = subject
  const { record, name } = judged
  const others = othersAt(subject, judged)
  const edits = [...others.map((other) => editor.edit("delete", { ...other, name })), editor.edit("add", record)]
  const texts = others.flatMap(({ type, value }) => (type === "TXT" ? [value] : []))
  if (texts.some(isKeyRecord)) {
    const message = `${name} has a DKIM key as a TXT record in place of the CNAME. The key has to come from ${record.value}.`
    return say("key-instead-of-cname", message, editor.fix(edits), [record.value])
  }
  if (texts.length > 0) {
    return say("txt-instead-of-cname", `${name} has ${inWords(others)} in place of the CNAME.`, editor.fix(edits))
  }
  const proxy = provider?.proxy
  if (proxy !== undefined && others.some(({ value }) => proxy.addresses.test(value))) {
    const message = `${name} answers with addresses of ${provider?.name} in place of the CNAME: the record is proxied.`
    const fix = editor.fix([editor.edit("change", record)], `For this record, ${proxy.off}.`)
    return say("cname-proxied", message, fix)
  }
  const hint = "If the panel shows a CNAME there, turn off its proxy or flattening instead."
  return say(
    "address-instead-of-cname",
    `${name} has ${inWords(others)} in place of the CNAME.`,
    editor.fix(edits, hint)
  )
}

/** That others stand beside a CNAME which is right: what a receiver sees is chance (RFC 1034, section 3.6.2). */
export const adviseBeside = (subject: Subject, judged: Judged): Diagnosis | undefined => {
  const { name, decisive } = judged
  const others = othersAt(subject, judged)
  if (others.length === 0 || aliasesIn(decisive?.source.records ?? []).length === 0) return undefined
  const message = `${name} has ${inWords(others)} beside its CNAME. Some receivers may not see the CNAME.`
  const edits = others.map((other) => subject.editor.edit("delete", { ...other, name }))
  const found = others.map(({ type, value }) => `${type} ${value}`)
  return say("records-beside-cname", message, subject.editor.fix(edits), [], found)
}
