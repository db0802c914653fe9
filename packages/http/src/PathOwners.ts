/**
 * Who owns which paths: the owner gives the form of every error there, of unknown routes and faults too.
 *
 * A dialect that is added stands before the one whose paths it takes a part of.
 */
import type { PathOwner } from "./Exchange.ts"
import { OpenTransact } from "./opentransact/Refusal.ts"
import { Problem } from "./Problem.ts"
import { Sendmachine } from "./sendmachine/Refusal.ts"
import { SpaceInvoices } from "./space-invoices/Refusal.ts"

/** Our own API. It lies under `/v1`, and is not of the Space Invoices dialect. */
const Own: PathOwner = { ...Problem, owns: (path) => path === "/v1/senders" || path.startsWith("/v1/senders/") }

const owners: ReadonlyArray<PathOwner> = [Own, OpenTransact, SpaceInvoices, Sendmachine]

/** Letters, digits and `-._~` mean the same when they are escaped (RFC 3986, section 6.2.2.2). */
const needlessEscape = /%(?:2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi

/** The path of a URL in lower case and without needless escapes, without query and without a slash at the end. */
export const pathOf = (url: string): string => {
  const [path = ""] = url.split(/[?#;]/, 1)
  return path.replace(needlessEscape, decodeURIComponent).replace(/\/$/, "").toLowerCase()
}

export const ownerOf = (path: string): PathOwner => owners.find((owner) => owner.owns(path)) ?? Problem
