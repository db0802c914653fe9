/** Sending with nodemailer, as an effect that fails with what the relay replied. */
import { Effect } from "effect"
import { createTransport, type SendMailOptions } from "nodemailer"
import type { Options } from "nodemailer/lib/smtp-transport"

const mail = { from: "anna@customer.example", to: "bob@example.org", subject: "s", text: "t" }

export const send = (port: number, more: SendMailOptions, options: Options) =>
  Effect.promise(() => createTransport({ host: "127.0.0.1", port, ...options }).sendMail({ ...mail, ...more }))
