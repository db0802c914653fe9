/**
 * Mail over SMTP.
 */
import { SmtpMailer, type SmtpMailerOptions } from "@countersign/mailer-smtp"
import { Redacted } from "effect"
import type { Mail } from "./Options.ts"

/**
 * @param url `smtp://user:password@host:587` (STARTTLS) or `smtps://user:password@host:465`
 * @param from the sender of the verification mails: an address, or `Name <address>`
 */
export const smtp = (url: string, from: string, options: Omit<SmtpMailerOptions, "url" | "from"> = {}): Mail => ({
  layer: SmtpMailer.layer({ ...options, url: Redacted.make(url), from })
})
