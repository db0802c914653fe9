/**
 * The list of dialects, and who owns which paths. A dialect that is added gets a line here.
 */
import type { Dialect, Owner } from "./Dialect.ts"
import { Native } from "./dialects/native/Dialect.ts"
import { OpenTransact } from "./dialects/opentransact/Dialect.ts"
import { Sendmachine } from "./dialects/sendmachine/Dialect.ts"
import { SpaceInvoices } from "./dialects/space-invoices/Dialect.ts"
import { problemOwner } from "./ProblemResponse.ts"

/** The dialects that an application serves unless its host chooses others. */
export const dialects = [Native, SpaceInvoices, OpenTransact, Sendmachine] as const satisfies ReadonlyArray<Dialect>

/** Letters, digits and `-._~` mean the same when they are escaped (RFC 3986, section 6.2.2.2). */
const needlessEscape = /%(?:2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi

/** The path of a URL in lower case and without needless escapes, without query and without a slash at the end. */
export const pathOf = (url: string): string => {
  const [path = ""] = url.split(/[?#;]/, 1)
  return path.replace(needlessEscape, decodeURIComponent).replace(/\/$/, "").toLowerCase()
}

/** Finds the owner of a path by the longest prefix; what nobody owns is answered with problem details. */
export const ownership = (owners: ReadonlyArray<Owner>): ((path: string) => Owner) => {
  const prefixes = [...owners, problemOwner]
    .flatMap((owner) => owner.owns.map((prefix) => ({ prefix, owner })))
    .sort((a, b) => b.prefix.length - a.prefix.length)
  return (path) =>
    prefixes.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))?.owner ?? problemOwner
}
