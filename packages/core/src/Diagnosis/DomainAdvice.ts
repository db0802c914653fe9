/**
 * What is said of the domain rather than of one record: why nothing can be published in it, and what is good to know.
 */
import { isOnHold } from "../DnsProvider.ts"
import { readDmarc } from "./Dmarc.ts"
import { noEdits } from "./Edits.ts"
import { hasNone, valuesAt } from "./Seen.ts"
import { type Diagnosis, isWrong, type Subject, say } from "./Subject.ts"
import { listed, shown } from "./Words.ts"

type Advise = (subject: Subject) => Diagnosis | undefined

/** The zone that a registrable domain is registered in. */
export const registryOf = (registrable: string): string => registrable.slice(registrable.indexOf(".") + 1)

/** Why no record of the domain can be right, whatever is in its zone. */
export const diagnoseDomain: Advise = ({ all, registrable, zone, nameServers }) => {
  const registry = registryOf(registrable)
  // Without a registry that answers, this may be a small world of its own, in which a domain is only what it has.
  if (hasNone(all, registrable, "NS", "nxdomain") && valuesAt(all, registry, "NS").length > 0) {
    const message = `${registrable} is not in the DNS: it is not registered, or its registration has lapsed.`
    const fix = noEdits("Register or renew the domain at its registrar. There is no zone to change before that.")
    return say("domain-not-delegated", message, fix, [registrable, registry])
  }
  if (!isOnHold(nameServers)) return undefined
  const message = `The registrar has put ${registrable} on hold: its name servers are ${listed(nameServers)}.`
  const fix = noEdits(
    "Ask the registrar what is missing: a payment, or a confirmation. Until then no change in the zone helps."
  )
  return say("domain-on-hold", message, fix, [zone])
}

const adviseVerified: Advise = ({ verified, domain, records }) => {
  const wrong = records.filter(isWrong)
  if (verified !== true || wrong.length === 0) return undefined
  const which = listed(wrong.map(({ name }) => name))
  const count = `${wrong.length} of its ${records.length} records ${wrong.length === 1 ? "is" : "are"} wrong now`
  const fix = noEdits("Put right what the other findings name, or the domain loses its verification.")
  return say("record-wrong-since-verified", `${domain} is still verified, but ${count}: ${which}.`, fix)
}

const adviseDelegated: Advise = ({ records, domain, zone, nameServers }) => {
  if (!records.some(isWrong) || !`.${zone}`.endsWith(`._domainkey.${domain}`)) return undefined
  const at = nameServers.length === 0 ? "" : `, at ${listed(nameServers)}`
  const fix = noEdits(`Make the changes in the zone ${zone}. In the zone of ${domain} they have no effect.`)
  return say("records-delegated", `The names below ${zone} are a zone of their own${at}.`, fix, [zone])
}

/** That nothing is at the domain's name: what it lacks besides is of no interest. */
const isAbsent = ({ all, domain }: Subject): boolean => hasNone(all, domain, "TXT", "nxdomain")

// The standard walks up name by name. The domain and its registrable domain are asked, so two questions are enough.
const adviseDmarc: Advise = (subject) => {
  const { all, domain, registrable, verified, editor } = subject
  const own = `_dmarc.${domain}`
  for (const at of new Set([own, `_dmarc.${registrable}`])) {
    const found = valuesAt(all, at, "TXT")
    const read = readDmarc(found)
    if (read._tag === "Invalid") {
      const fix = noEdits(`Keep one TXT record at ${at} that begins with v=DMARC1; p=none, p=quarantine or p=reject.`)
      return say("dmarc-invalid", `Receivers ignore DMARC at ${at}: ${shown(read.why)}.`, fix, [at], found)
    }
    if (read._tag === "Policy") {
      const policy = at === own ? read.domain : read.subdomains
      if (policy === "none" || verified === true) return undefined
      const does = policy === "reject" ? "refuse" : "treat as spam"
      const message = `DMARC at ${at} tells receivers to ${does} mail that is not signed for ${domain}.`
      const fix = noEdits("There is nothing to change. Send nothing through this service before the sender is active.")
      return say("dmarc-strict", message, fix, [at], found)
    }
    if (!hasNone(all, at, "TXT") || isAbsent(subject)) return undefined
  }
  const message = `${domain} has no DMARC record. Verification needs none, but large mailbox providers expect one of bulk senders.`
  const fix = editor.fix([editor.edit("add", { type: "TXT", name: own, value: "v=DMARC1; p=none" })])
  return say("dmarc-missing", message, fix, [own])
}

const adviseSpf: Advise = ({ all, domain }) => {
  const found = valuesAt(all, domain, "TXT").filter((text) => /^v=spf1(?: |$)/i.test(text))
  if (found.length === 0) return undefined
  const message = `${domain} has an SPF record. It need not name this service: SPF is checked for the return path, which is in a domain of the service, and DMARC passes by the signature.`
  return say("spf-not-needed", message, noEdits("There is nothing to change in the SPF record."), [domain], found)
}

const adviseMail: Advise = (subject) => {
  const { all, domain, kind } = subject
  if (kind === "domain") return undefined
  const found = valuesAt(all, domain, "MX")
  const fix = noEdits("Use an address whose domain receives mail, or add an MX record of a mail server that takes it.")
  // "0 ." is a null MX (RFC 7505).
  if (found.length > 0 && found.every((value) => /^\d+ \.?$/.test(value))) {
    const message = `${domain} takes no mail (null MX): the confirmation mail cannot arrive.`
    return say("null-mx", message, fix, [domain], found)
  }
  if (isAbsent(subject) || !(["MX", "A", "AAAA"] as const).every((type) => hasNone(all, domain, type))) return undefined
  const message = `${domain} has neither an MX record nor an address: the confirmation mail cannot arrive.`
  return say("no-mail-exchanger", message, fix, [domain])
}

/** What is good to know about the domain. */
export const adviseDomain = (subject: Subject): ReadonlyArray<Diagnosis> =>
  [adviseVerified, adviseDelegated, adviseDmarc, adviseSpf, adviseMail].flatMap((advise) => advise(subject) ?? [])
