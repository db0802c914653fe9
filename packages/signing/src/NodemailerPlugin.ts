/**
 * A plugin for nodemailer that signs what it composed, before it connects to a server:
 * `transport.use("stream", countersignSigning(sign, owner))`.
 *
 * A mail that is not signed fails `sendMail` with the error of `sign`; nothing of it is sent. The settings `dkim` and
 * `newline` of nodemailer have no effect beside it.
 */
import { Readable } from "node:stream"

// nodemailer leaves single LFs in the parts, and writes CRLF when it sends them. What is signed is what it sends.
const singleLf = /(?<!\r)\n/g

/** What the plugin needs of a composed mail; nodemailer's own type has it. */
export interface ComposedMail<Data> {
  readonly data: Data
  readonly message: {
    createReadStream: () => Readable
  }
}

/**
 * The plugin. `sign` answers the signed message or rejects; `owner` says from what `sendMail` was given whose mail it
 * is, for example from a setting of your own.
 */
export const countersignSigning =
  <Owner, Data>(sign: (raw: Uint8Array, owner: Owner) => Promise<Uint8Array>, owner: (data: Data) => Owner) =>
  (mail: ComposedMail<Data>, done: (error?: Error | null) => void): void => {
    const signed = async () => {
      const raw = Buffer.concat(await mail.message.createReadStream().toArray())
      return sign(Buffer.from(raw.toString("latin1").replaceAll(singleLf, "\r\n"), "latin1"), owner(mail.data))
    }
    signed().then(
      (octets) => {
        mail.message.createReadStream = () => Readable.from([octets], { objectMode: false })
        done()
      },
      (cause) => done(cause instanceof Error ? cause : new Error("The mail could not be signed.", { cause }))
    )
  }
