/**
 * The From address of all mail, as an operator configures it: `Countersign <no-reply@example.com>` or the address
 * alone.
 *
 * Read once, when the mailer is built. Afterwards name and address are values of their own, and nothing reads header
 * text again.
 */
import { Result } from "effect"
import { SmtpSettingInvalid } from "./SmtpSettingInvalid.ts"
import { isMailbox } from "./SmtpText.ts"

/** The From header in its parts. */
export interface MailFrom {
  /** Empty without a display name. */
  readonly name: string
  readonly address: string
}

const controls = /[\p{Cc}\u2028\u2029]/u
const quotedName = /^"((?:[^"\\]|\\.)*)"$/u

/**
 * Reads `Name <address>`, `"Name" <address>`, `<address>` or `address`. The address is a dot-atom at a host name, in
 * ASCII (RFC 5321, section 4.1.2). A name without quotes may hold anything but quotes and angle brackets.
 */
export const parseMailFrom = (input: string): Result.Result<MailFrom, SmtpSettingInvalid> => {
  if (controls.test(input)) return refuse("it contains a line break or another control character")
  if (!input.isWellFormed()) return refuse("it is not valid Unicode")
  const text = input.trim()
  const open = text.lastIndexOf("<")
  if (open === -1) return mailFrom("", text)
  if (!text.endsWith(">")) return refuse(`the address must come last, as in "Name <name@example.com>"`)
  const name = displayName(text.slice(0, open).trim())
  return name === undefined
    ? refuse(`the name before the address contains a quote or an angle bracket outside quotes`)
    : mailFrom(name, text.slice(open + 1, -1).trim())
}

const refuse = (reason: string) => Result.fail(new SmtpSettingInvalid({ setting: "from", reason }))

const mailFrom = (name: string, address: string): Result.Result<MailFrom, SmtpSettingInvalid> =>
  isMailbox(address)
    ? Result.succeed({ name, address })
    : refuse(`${JSON.stringify(address)} is not an ASCII address such as name@example.com`)

const displayName = (text: string): string | undefined => {
  const quoted = quotedName.exec(text)?.[1]
  if (quoted !== undefined) return quoted.replace(/\\(.)/gu, "$1")
  return /["<>]/.test(text) ? undefined : text
}
