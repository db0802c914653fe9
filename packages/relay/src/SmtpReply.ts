/**
 * A reply of SMTP (RFC 5321, section 4.2), as the mail server gave it and as the relay gives it to its client.
 *
 * smtp-server writes the code itself, so a text never begins with it; the enhanced code (RFC 3463) is part of the text.
 */
import { Data } from "effect"

/** A reply without its code on every line. */
export interface SmtpReply {
  readonly code: number
  /** One text a line. */
  readonly lines: ReadonlyArray<string>
}

/** A command is not accepted, and this is said to the client. */
export class Refused extends Data.TaggedError("Refused")<{ readonly code: number; readonly text: string }> {}

export const refused = (code: number, text: string): Refused => new Refused({ code, text })

const enhanced = /^[245]\.\d{1,3}\.\d{1,3} /

/** The text of a reply in one line. The enhanced code stands on each of its lines, and once here. */
export const textOf = ({ lines: [first = "", ...rest] }: SmtpReply): string => {
  const code = enhanced.exec(first)?.[0]
  return [first, ...rest.map((line) => (code !== undefined && line.startsWith(code) ? line.slice(code.length) : line))]
    .join(" ")
    .trim()
}

/** Whether the mail server has taken the command. */
export const isAccepted = ({ code }: SmtpReply): boolean => code >= 200 && code < 300

/** A refusal in the mail server's own words. A code that is none of a refusal is its mistake. */
export const passedOn = (reply: SmtpReply): Refused =>
  reply.code >= 400 && reply.code < 600
    ? refused(reply.code, textOf(reply))
    : refused(451, "4.3.0 the mail server gave an answer that does not belong here")
