/**
 * Another From for a message: what a send plan falls back to when the message may not have the one that it came with.
 */
import { type DomainOptions, parseEmailAddress } from "@countersign/core"
import { Brand, Result } from "effect"
import { parseMailbox } from "./FromHeader.ts"
import { type HeaderField, type Message, unfoldedValue } from "./Message.ts"
import { type MessageRefused, refused } from "./MessageRefused.ts"

/** What a send plan says about the header. */
export interface NewFrom {
  /** `local@domain` or `"Name" <local@domain>`; the name may have any characters. */
  readonly from: string
  /** An address. Without one the message has no Reply-To: the one that it came with was not confirmed by anybody. */
  readonly replyTo: string | undefined
}

const checked = Brand.nominal<Message>()
const replaced = new Set(["from", "sender", "reply-to"])
const named = /^("(?:[^"\\]|\\.)*") *(<.*>)$/su
const quotedPair = /\\(.)/gsu
const printable = /^[ -~]*$/
/** Octets of an encoded word that is not longer than 75 characters (RFC 2047, section 2). */
const longestWord = 45

/** The message with its From, Sender and Reply-To replaced. The new ones pass the same rules as the old. */
export const replaceFrom = (
  { fields, body }: Message,
  { from, replyTo }: NewFrom,
  options?: DomainOptions
): Result.Result<Message, MessageRefused> => {
  const [, name, angle] = named.exec(from) ?? []
  const value = name === undefined ? from : `${printable.test(name) ? name : encodedName(name)}\r\n ${angle}`
  const written: HeaderField = { key: "from", text: `From: ${value}` }
  const address = parseMailbox(unfoldedValue(written), options)
  if (Result.isFailure(address)) return Result.fail(refused(address.failure))
  const answers = replyTo === undefined ? undefined : parseEmailAddress(replyTo, options)
  if (answers !== undefined && Result.isFailure(answers)) return Result.fail(refused("from-address"))
  const added = [
    written,
    ...(answers === undefined ? [] : [{ key: "reply-to", text: `Reply-To: ${answers.success.delivery}` }])
  ]
  const kept = fields.filter(({ key }) => !replaced.has(key))
  return Result.succeed(checked({ fields: [...added, ...kept], body, from: address.success }))
}

/** A quoted string as encoded words, none of which cuts a character in two. */
const encodedName = (quoted: string): string => {
  const words: Array<string> = [""]
  for (const character of quoted.slice(1, -1).replaceAll(quotedPair, "$1")) {
    const longer = `${words.at(-1)}${character}`
    if (Buffer.byteLength(longer) <= longestWord) words[words.length - 1] = longer
    else words.push(character)
  }
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString("base64")}?=`).join("\r\n ")
}
