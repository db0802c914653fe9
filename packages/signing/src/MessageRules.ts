/**
 * The rules that a message passes before anything of it is believed, signed or handed on.
 *
 * A message has to mean the same to every program on its way. What programs are known to read differently is refused,
 * not repaired: a repair would be one more reading. The octets come first, then the lines of the header, then how often
 * a field stands, and last the address in From.
 */
import { isAscii } from "node:buffer"
import type { DomainOptions, EmailAddress } from "@countersign/core"
import { Brand, Result } from "effect"
import { parseMailbox } from "./FromHeader.ts"
import { type HeaderField, type Message, unfoldedValue } from "./Message.ts"
import { type MessageRefused, type MessageRefusedCode, refused } from "./MessageRefused.ts"

/** RFC 5322, section 2.1.1. */
const longestLine = 998

/** RFC 5322, section 3.6: programs disagree on which of two counts. */
const atMostOnce = new Set(["from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id"])

// Visible ASCII but the colon (RFC 5322, section 3.6.8).
const fieldName = /^[!-9;-~]+(?=:)/
const spacedName = /^[!-9;-~]+[ \t]+:/
const notPrintable = /[^\t\r\n -~]/

const checked = Brand.nominal<Message>()

/**
 * Reads a message as it goes over the wire, without the dots that SMTP adds. Recipients are not looked at. Fails with
 * the first rule that is broken; `options` say which domains From may have.
 */
export const readMessage = (raw: Uint8Array, options?: DomainOptions): Result.Result<Message, MessageRefused> => {
  const octets = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const headerEnd = endOfHeader(octets)
  const problem = octetProblem(octets) ?? (headerEnd === undefined ? "header-malformed" : undefined)
  if (problem !== undefined) return Result.fail(refused(problem))

  const header = readHeader(octets.subarray(0, headerEnd))
  if (Result.isFailure(header)) return Result.fail(refused(header.failure))
  const fields = header.success
  const from = readFrom(fields, options)
  if (Result.isFailure(from)) return Result.fail(refused(from.failure))
  const body = octets.subarray((headerEnd ?? 0) + 2)
  return Result.succeed(checked({ fields, body, from: from.success }))
}

const octetProblem = (octets: Buffer): MessageRefusedCode | undefined => {
  if (octets.includes(0)) return "nul"
  for (let start = 0; start < octets.length; ) {
    const lf = octets.indexOf(10, start)
    const cr = octets.indexOf(13, start)
    // The first CR from here on has to be the one of this line's CRLF.
    if (lf === -1 ? cr !== -1 : lf === start || cr !== lf - 1) return "bare-line-break"
    const end = lf === -1 ? octets.length : cr
    if (end - start > longestLine) return "line-too-long"
    start = lf === -1 ? end : lf + 1
  }
  return undefined
}

/** Where the empty line begins. A message may end with its header. */
const endOfHeader = (octets: Buffer): number | undefined => {
  if (octets.indexOf("\r\n") === 0) return 0
  const empty = octets.indexOf("\r\n\r\n")
  if (empty !== -1) return empty + 2
  return octets.subarray(-2).equals(Buffer.from("\r\n")) ? octets.length : undefined
}

const readHeader = (octets: Buffer): Result.Result<ReadonlyArray<HeaderField>, MessageRefusedCode> => {
  if (!isAscii(octets)) return Result.fail("header-8-bit")
  const header = octets.toString("latin1")
  if (notPrintable.test(header)) return Result.fail("header-control-character")
  const fields: Array<HeaderField> = []
  for (const line of header.split("\r\n").slice(0, -1)) {
    const last = fields.at(-1)
    if (line.startsWith(" ") || line.startsWith("\t")) {
      if (line.trim() === "") return Result.fail("header-blank-fold")
      if (last === undefined) return Result.fail("header-malformed")
      fields[fields.length - 1] = { key: last.key, text: `${last.text}\r\n${line}` }
    } else {
      const name = fieldName.exec(line)?.[0]
      if (name === undefined) return Result.fail(spacedName.test(line) ? "header-colon-space" : "header-malformed")
      fields.push({ key: name.toLowerCase(), text: line })
    }
  }
  return Result.succeed(fields)
}

const readFrom = (
  fields: ReadonlyArray<HeaderField>,
  options: DomainOptions | undefined
): Result.Result<EmailAddress, MessageRefusedCode> => {
  const single = new Map<string, HeaderField>()
  for (const field of fields) {
    if (field.key.startsWith("resent-")) return Result.fail("header-resent")
    if (!atMostOnce.has(field.key)) continue
    if (single.has(field.key)) return Result.fail("header-repeated")
    single.set(field.key, field)
  }
  const from = single.get("from")
  if (from === undefined) return Result.fail("from-missing")
  const address = parseMailbox(unfoldedValue(from), options)
  const sender = single.get("sender")
  if (Result.isFailure(address) || sender === undefined) return address
  const named = parseMailbox(unfoldedValue(sender), options)
  return Result.isSuccess(named) && named.success.canonical === address.success.canonical
    ? address
    : Result.fail("sender-not-from")
}
