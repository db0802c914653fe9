/**
 * Fixes: edits of a zone as data, and the sentences that say the same to a person.
 */
import type { DnsRecord } from "../DnsPlan.ts"
import type { DnsProvider } from "../DnsProvider.ts"
import type { Edit, Fix } from "../Finding.ts"
import { shown } from "./Words.ts"

/** A name as most panels want it: relative to the zone, `@` for the zone itself; absolute when it lies elsewhere. */
export const hostOf = (name: string, zone: string): string => {
  if (name === zone) return "@"
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : `${name}.`
}

/** Makes the edits of one zone. */
export interface Editor {
  readonly edit: (action: Edit["action"], record: Omit<DnsRecord, "type"> & { readonly type: string }) => Edit
  /** These edits, said in sentences, with what else there is to say at the end. */
  readonly fix: (edits: ReadonlyArray<Edit>, more?: string) => Fix
}

/** Edits of the zone, worded for the panel of its provider where that is known. */
export const makeEditor = (zone: string, provider: DnsProvider | undefined): Editor => ({
  edit: (action, { type, name, value: plain }) => {
    const value = type === "CNAME" ? `${plain}.` : plain
    const line = `${name}. 3600 IN ${type} ${type === "TXT" ? quoted(value) : value}`
    return { action, type, host: hostOf(name, zone), name: `${name}.`, value, line }
  },
  fix: (edits, more) => {
    const message = [...edits.map((edit) => sentence(edit, provider)), ...(more === undefined ? [] : [more])].join(" ")
    const opening = provider === undefined ? "" : `At ${provider.name}, `
    return { edits, message: opening === "" ? message : opening + message.slice(0, 1).toLowerCase() + message.slice(1) }
  }
})

/** A fix that changes nothing in the zone. */
export const noEdits = (message: string): Fix => ({ edits: [], message })

/** The strings of a TXT record as a zone file has them, 255 octets at most each (RFC 1035, section 3.3). */
const quoted = (value: string): string =>
  (value.match(/.{1,255}/gs) ?? [""]).map((part) => `"${part.replaceAll('"', '\\"')}"`).join(" ")

// The sentence ends with the dot that a name has at its end: whoever copies it along copies nothing wrong.
const sentence = ({ action, type, host, name, value }: Edit, provider: DnsProvider | undefined): string => {
  const at = provider?.names === "absolute" ? `name ${name.slice(0, -1)}` : `host ${host}`
  const to = shown(value).replace(/\.$/, "")
  if (action === "change") return `Change the value of the ${type} record with the ${at} to ${to}.`
  const article = action === "delete" ? "the" : type.startsWith("A") ? "an" : "a"
  return `${action === "delete" ? "Delete" : "Add"} ${article} ${type} record with the ${at} and the value ${to}.`
}
