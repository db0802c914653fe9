/**
 * Why an address or a domain was refused, as data: a stable code and one sentence that says what is wrong and how to
 * put it right.
 *
 * Made by `parseDomain` and `parseEmailAddress`, handed on by the API dialects. The sentence never quotes the input:
 * what was refused may hold control characters or markup, and the caller knows what was sent.
 */
import { Schema, Struct } from "effect"

const sentences = {
  missing: "No address or domain was given: send it as a string.",
  "not-a-string": "An address or domain must be given as a string.",
  empty: "The address or domain is empty: give one such as user@example.com.",
  "control-character": "Line breaks, tabs, NUL and other control characters are not allowed: remove them.",
  space: "Spaces are not allowed, not even at the beginning or the end: remove them.",
  "invisible-character": "The domain contains an invisible character: type it again by hand instead of pasting it.",
  "invalid-unicode": "The text is not valid Unicode (it contains half of a surrogate pair): send it as UTF-8.",

  "address-too-long": "An address may be at most 254 octets long: use a shorter one.",
  "at-sign-missing": "The at sign is missing: give an address such as user@example.com.",
  "several-at-signs": "There is more than one at sign: give exactly one address such as user@example.com.",
  "display-name": "Give the bare address, without a display name or angle brackets, such as user@example.com.",
  "quoted-string": "Quoted local parts are not supported: use an address without quotation marks.",
  comment: "Comments in parentheses are not allowed: give the bare address such as user@example.com.",
  "local-part-empty": "The part before the at sign is empty: give an address such as user@example.com.",
  "local-part-too-long": "The part before the at sign may be at most 64 octets long: use a shorter address.",
  "local-part-not-ascii": "The part before the at sign may contain only ASCII characters: use an ASCII address.",
  "local-part-character":
    "The part before the at sign may contain only letters, digits, dots and !#$%&'*+/=?^_`{|}~-: remove any other character.",
  "local-part-dot":
    "The part before the at sign may not begin or end with a dot or contain two dots in a row: remove the extra dot.",

  "domain-missing": "The domain is missing: give it after the at sign, as in user@example.com.",
  "domain-too-long": "A domain may be at most 253 octets long in its ASCII form: use a shorter one.",
  "domain-label-too-long": "Each part of a domain may be at most 63 octets long in its ASCII form: use a shorter one.",
  "domain-empty-label": "The domain begins with a dot or contains two dots in a row: remove the extra dot.",
  "domain-trailing-dot": "The domain ends with a dot: remove it.",
  "domain-hyphen": "No part of a domain may begin or end with a hyphen: correct the domain.",
  "domain-character":
    "A domain may contain only letters, digits, hyphens and dots: remove other characters such as / % : @ # and _.",
  "domain-idn-invalid": "The domain is not a valid internationalized name (UTS 46): correct its spelling.",
  "domain-ip-address":
    "An IP address, or a name whose last part is a number, cannot be used: give a domain name such as example.com.",
  "domain-single-label": "The domain has only one part: give a full domain name such as example.com.",
  "domain-special-use": "The domain is reserved for special use and cannot receive mail: give a public domain name.",
  "domain-public-suffix":
    "The domain is a public suffix, under which others register names: give a domain name below it."
} as const

/** The stable code of a problem. A code is never renamed and never changes its meaning. */
export type AddressProblemCode = keyof typeof sentences

/** The codes as a schema. */
export const AddressProblemCode = Schema.Literals(Struct.keys(sentences))

/** `message` is meant for the user of the API; it is always the sentence of its code. */
export const AddressProblem = Schema.Struct({ code: AddressProblemCode, message: Schema.String })
export type AddressProblem = typeof AddressProblem.Type

/** The problem of the given code with its sentence. */
export const addressProblem = (code: AddressProblemCode): AddressProblem => ({ code, message: sentences[code] })
