/**
 * The DMARC record of a domain (RFC 9989).
 */

/** What receivers are asked to do with mail that is not shown to be the domain's. */
export type DmarcPolicy = "none" | "quarantine" | "reject"

/** What the records at a `_dmarc` name say: a policy for the domain and one for its subdomains, or why they do not. */
export type DmarcRecord =
  | { readonly _tag: "None" }
  | { readonly _tag: "Invalid"; readonly why: string }
  | { readonly _tag: "Policy"; readonly domain: DmarcPolicy; readonly subdomains: DmarcPolicy }

const policyOf = (word: string | undefined): DmarcPolicy | undefined =>
  word === "none" || word === "quarantine" || word === "reject" ? word : undefined

/** A policy that is only being tested counts one step milder. */
const milder = { reject: "quarantine", quarantine: "none", none: "none" } as const

/** Reads the TXT records at a `_dmarc` name (RFC 9989, section 4.7). */
export const readDmarc = (texts: ReadonlyArray<string>): DmarcRecord => {
  const invalid = (why: string): DmarcRecord => ({ _tag: "Invalid", why })
  const [text, ...more] = texts.filter((each) => /^\s*v\s*=\s*dmarc/i.test(each))
  if (text === undefined) return { _tag: "None" }
  if (more.length > 0) return invalid(`there are ${more.length + 1} DMARC records, and only one may be there`)
  if (!/^v\s*=\s*DMARC1\s*(?:;|$)/.test(text)) return invalid("it does not begin with v=DMARC1;")
  const tags = new Map(
    text.split(";").map((part): readonly [string, string] => {
      const [name = "", value = ""] = part.split("=", 2)
      return [name.trim().toLowerCase(), value.trim().toLowerCase()]
    })
  )
  // Where reports are asked for, a policy that cannot be read counts as none.
  const domain = policyOf(tags.get("p")) ?? (tags.has("rua") ? "none" : undefined)
  if (domain === undefined) return invalid(tags.has("p") ? `p=${tags.get("p")} is no policy` : "it has no p= tag")
  const subdomains = policyOf(tags.get("sp")) ?? domain
  return tags.get("t") === "y"
    ? { _tag: "Policy", domain: milder[domain], subdomains: milder[subdomains] }
    : { _tag: "Policy", domain, subdomains }
}
