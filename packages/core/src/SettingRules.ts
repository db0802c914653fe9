/**
 * The rules for what an installation is told: where its pages are, what signs its links, which zone its keys are in.
 *
 * They hold for whoever makes an installation, the server and a host alike. Each refusal is the end of a sentence that
 * begins with the name of the setting.
 */
import { Brand, Result } from "effect"

/** Where the confirmation pages are reached: an http or https URL without a slash at its end. */
export type PublicUrl = string & Brand.Brand<"PublicUrl">
/** Secrets that are long enough; the first signs, all of them check. */
export type LinkSecrets = readonly [string, ...ReadonlyArray<string>] & Brand.Brand<"LinkSecrets">
/** The zone that customers' records point into: lower-case A-labels without a trailing dot. */
export type DkimZone = string & Brand.Brand<"DkimZone">

const publicUrlBrand = Brand.nominal<PublicUrl>()
const secretsBrand = Brand.nominal<LinkSecrets>()
const zoneBrand = Brand.nominal<DkimZone>()

/** Slashes at the end are taken off. */
export const parsePublicUrl = (value: string): Result.Result<PublicUrl, string> => {
  const url = URL.parse(value)
  const plain = url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === ""
  return plain && url.username === "" && url.password === ""
    ? Result.succeed(publicUrlBrand(url.href.replace(/\/+$/, "")))
    : Result.fail("must be an http or https URL without user, query and fragment")
}

/** In characters. */
export const shortestSecret = 32

/** `new,old`: spaces around a secret do not count. Anybody could guess a short one, and sign with it. */
export const parseLinkSecrets = (value: string): Result.Result<LinkSecrets, string> => {
  const [first = "", ...rest] = value.split(",").map((secret) => secret.trim())
  return [first, ...rest].some((secret) => secret.length < shortestSecret)
    ? Result.fail(`must have at least ${shortestSecret} characters, or be several such secrets separated by commas`)
    : Result.succeed(secretsBrand([first, ...rest]))
}

// The token and the slot before it take 36 octets of the 253 that a name may have.
const zoneName = /^(?=.{1,217}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Capitals and a trailing dot are taken away. */
export const parseDkimZone = (value: string): Result.Result<DkimZone, string> => {
  const zone = value.toLowerCase().replace(/\.$/, "")
  return zoneName.test(zone)
    ? Result.succeed(zoneBrand(zone))
    : Result.fail("must be a domain name, such as dkim.example.com")
}
