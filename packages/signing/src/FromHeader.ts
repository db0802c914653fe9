/**
 * The one mailbox in From: `local@domain` or `Name <local@domain>`, and a name that does not pass for another address.
 *
 * RFC 5322 allows far more, and mail programs read what it allows in different ways; people see the name alone. So the
 * name is read as the most lenient program reads it: encoded words are decoded wherever they stand, in quotes too.
 */
import { type DomainOptions, type EmailAddress, parseEmailAddress } from "@countersign/core"
import { Result } from "effect"
import { decodeWords } from "./EncodedWords.ts"
import type { MessageRefusedCode } from "./MessageRefused.ts"

/** In characters, unfolded. So that no expression below takes long. */
const longestMailbox = 998
// RFC 5322, section 3.2: atoms and quoted strings. The dot between them is obsolete, and common: `John Q. Public`.
// Never at the start nor before the angle, where some programs fail on it.
const mailbox = /^(?:(?!\.)((?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~. -]|"(?:[^"\\]|\\.)*")*)(?<!\.)<([^<> ]+)>|([^<> ]+))$/
const quotedString = /"((?:[^"\\]|\\.)*)"/g
const quotedPair = /\\(.)/g
// An atom may look like an encoded word, and some programs decode it before they look for the at sign.
const dotAtomAtDomain = /^(?!.*=\?)[^@"(),:;<>[\]\\]+@[^@"(),:;<>[\]\\]+$/
// U+202A to U+202E and U+2066 to U+2069 show text in another order than it is read in.
const misleading = /[\p{Cc}\u2028-\u202E\u2066-\u2069]/u
const quoting = /^[\s"'(<[]+|[\s"')>\]]+$/g

/** Reads the unfolded value of From. */
export const parseMailbox = (
  value: string,
  options?: DomainOptions
): Result.Result<EmailAddress, MessageRefusedCode> => {
  const text = value.replaceAll("\t", " ").trim()
  if (text.length > longestMailbox) return Result.fail("from-syntax")
  const [, phrase = "", angled, bare] = mailbox.exec(text) ?? []
  const written = angled ?? bare ?? ""
  if (!dotAtomAtDomain.test(written)) return Result.fail("from-syntax")
  const address = parseEmailAddress(written, options)
  if (Result.isFailure(address)) return Result.fail("from-address")
  const problem = nameProblem(phrase, address.success, options)
  return problem === undefined ? Result.succeed(address.success) : Result.fail(problem)
}

const nameProblem = (
  phrase: string,
  address: EmailAddress,
  options: DomainOptions | undefined
): MessageRefusedCode | undefined => {
  const written = phrase.replaceAll(quotedString, (_, text: string) => text.replaceAll(quotedPair, "$1"))
  const decoded = decodeWords(written)
  if (decoded === undefined) return "from-name-encoding"
  // Full-width and small at signs become the one of ASCII, which is what they look like.
  const name = decoded.normalize("NFKC")
  if (misleading.test(name)) return "from-name-character"
  if (!name.includes("@")) return undefined
  const shown = parseEmailAddress(name.replaceAll(quoting, ""), options)
  return Result.isSuccess(shown) && shown.success.canonical === address.canonical ? undefined : "from-name-address"
}
