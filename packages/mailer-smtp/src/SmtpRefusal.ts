/**
 * From what nodemailer reports to what the engine has to know: will the same message be refused again, or is it worth
 * another try?
 *
 * Permanent is only what the server said about this message: a 5yz reply to MAIL, RCPT or DATA (RFC 5321, section
 * 4.2.1). Trouble before that (greeting, STARTTLS, AUTH) has nothing to do with the recipient: it is transient,
 * whatever the code, because it ends when the operator or the server mends it.
 */
import { MailRefused } from "@countersign/engine"
import { quotable } from "./SmtpText.ts"

const aboutTheMessage = ["MAIL FROM", "RCPT TO", "DATA"]

// Replies to MAIL that are about the session: bad sequence; authentication is missing, too weak, or asks for encryption
// (RFC 4954).
const aboutTheSession = [503, 530, 534, 535, 538]

/** The refusal for an error of nodemailer. `secrets` are not repeated. */
export const refusalOf = (cause: unknown, secrets: ReadonlyArray<string>): MailRefused => {
  const code = field(cause, "responseCode", "number")
  const step = field(cause, "command", "string") ?? ""
  const said = field(cause, "response", "string") ?? field(cause, "message", "string") ?? String(cause)
  const message =
    aboutTheMessage.includes(step) && ["EENVELOPE", "EMESSAGE"].includes(field(cause, "code", "string") ?? "")
  const refused = code !== undefined && code >= 500 && code < 600
  const permanent = refused && message && !aboutTheSession.includes(code) && !tooManyRecipients(step, code)
  const where = step === "" || step === "CONN" ? "" : `${step}: `
  const excuse = refused && !permanent ? " (trouble with the mail server or its settings, not with the recipient)" : ""
  return new MailRefused({
    permanent,
    reason: `${where}${quotable(said, secrets)}${excuse}`,
    ...(code === undefined ? {} : { code })
  })
}

// RFC 5321, section 4.5.3.1.10: a client treats 552 after RCPT as if it were 452.
const tooManyRecipients = (step: string, code: number): boolean => step === "RCPT TO" && code === 552

interface Types {
  readonly number: number
  readonly string: string
}

const field = <T extends keyof Types>(cause: unknown, name: string, type: T): Types[T] | undefined => {
  const value: unknown = cause instanceof Error ? Reflect.get(cause, name) : undefined
  // `typeof` told that the value has the type of that name; TypeScript cannot follow it through a variable.
  return typeof value === type ? (value as Types[T]) : undefined
}
