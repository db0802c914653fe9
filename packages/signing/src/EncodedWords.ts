/**
 * Encoded words (RFC 2047), read so strictly that every program which can decode them gets the same text.
 */
import { Result } from "effect"

const encodedWord = /=\?([^? ]*)\?([bq])\?([^? ]*)\?=/gi
// Spaces between two encoded words are not shown (RFC 2047, section 6.2).
const betweenWords = /(?<==\?[^? ]*\?[bq]\?[^? ]*\?=) +(?==\?[^? ]*\?[bq]\?[^? ]*\?=)/gi
/**
 * UTF-8, and sets with one octet for each character. The octets of any other can come to something else when programs
 * disagree on the set, or join two words before they decode them.
 */
const charset = /^(?:utf-8|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru])$/i
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const quotedPrintable = /^(?:[!-<>-~]|=[0-9A-F]{2})*$/i
const escaped = /=([0-9A-F]{2})/gi

/**
 * The text with every encoded word decoded, wherever it stands. `undefined` when one cannot be decoded, or when the
 * result looks like an encoded word again: some program would decode it twice.
 */
export const decodeWords = (text: string): string | undefined => {
  let failed = false
  const decoded = text.replaceAll(betweenWords, "").replaceAll(encodedWord, (_, set: string, encoding, content) => {
    // A language may stand behind the set (RFC 2231, section 5).
    const [label = ""] = set.split("*")
    const octets = encoding.toLowerCase() === "b" ? fromBase64(content) : fromQuotedPrintable(content)
    const plain = octets === undefined || !charset.test(label) ? undefined : decode(label, octets)
    if (plain === undefined) failed = true
    return plain ?? ""
  })
  return failed || decoded.includes("=?") ? undefined : decoded
}

const fromBase64 = (content: string): Buffer | undefined =>
  base64.test(content) ? Buffer.from(content, "base64") : undefined

const fromQuotedPrintable = (content: string): Buffer | undefined => {
  if (!quotedPrintable.test(content)) return undefined
  const text = content.replaceAll("_", " ")
  return Buffer.from(
    text.replaceAll(escaped, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1"
  )
}

const decode = (label: string, octets: Buffer): string | undefined =>
  Result.getOrUndefined(Result.try(() => new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(octets)))
