/**
 * The mailer that hands messages to a mail server over SMTP (RFC 5321), on nodemailer with a small pool of connections.
 *
 * It promises that RCPT TO is exactly the address of the message, that nothing in a message can add a header or a
 * recipient, that a send ends within its time limit, and that no secret is told. Interrupting a send closes its
 * connection. Whether a mail was taken cannot be known when the connection breaks after the last byte: the engine sends
 * it again, with the same Message-ID.
 */
import { Mailer, type MailMessage, MailRefused } from "@countersign/engine"
import { DateTime, Duration, Effect, Layer, Redacted, Semaphore } from "effect"
import { createTransport, type SendMailOptions } from "nodemailer"
import { type MailFrom, parseMailFrom } from "./MailFrom.ts"
import { refusalOf } from "./SmtpRefusal.ts"
import type { SmtpSettingInvalid } from "./SmtpSettingInvalid.ts"
import { isHeaderText, isMailbox, isMessageId } from "./SmtpText.ts"
import { parseSmtpUrl, type SmtpServer } from "./SmtpUrl.ts"

/** Where the mail server is, as whom to mail, and how patiently. */
export interface SmtpMailerOptions {
  /** See `parseSmtpUrl`. */
  readonly url: Redacted.Redacted
  /** The From header and MAIL FROM of every mail: `Name <address>` or an address. See `parseMailFrom`. */
  readonly from: string
  /** Certificates (PEM) of the authorities that may vouch for the server, instead of those that Node trusts. */
  readonly ca?: string
  /** The most connections at once, 3 by default. */
  readonly connections?: number
  /** How many mails go over one connection before it is replaced, 100 by default. */
  readonly mailsPerConnection?: number
  readonly timeouts?: SmtpTimeouts
}

/** How long each part of a delivery may take. */
export interface SmtpTimeouts {
  /** From the look-up of the host to the end of STARTTLS; 5 seconds by default. */
  readonly connection?: Duration.Input
  /** From the open connection to the server's greeting; 5 seconds by default. */
  readonly greeting?: Duration.Input
  /** Silence of the server; 10 seconds by default. */
  readonly silence?: Duration.Input
  /** All of one send, counted from when a connection is free for it; 30 seconds by default. */
  readonly send?: Duration.Input
}

/** `Mailer` on SMTP (RFC 5321). */
export const SmtpMailer = {
  /** Fails when a setting is wrong. Connects when the first mail is sent; closing the layer closes all connections. */
  layer: (options: SmtpMailerOptions): Layer.Layer<Mailer, SmtpSettingInvalid> => Layer.effect(Mailer, make(options))
}

const make = Effect.fnUntraced(function* (options: SmtpMailerOptions) {
  const server = yield* Effect.fromResult(parseSmtpUrl(options.url))
  const from = yield* Effect.fromResult(parseMailFrom(options.from))
  const secrets = secretsOf(server)
  const connections = options.connections ?? 3
  const limit = Duration.fromInputUnsafe(options.timeouts?.send ?? "30 seconds")
  // So that the time limit of a send does not run while it waits for others.
  const free = yield* Semaphore.make(connections)
  const transport = yield* Effect.acquireRelease(
    Effect.sync(() => createTransport(transportOptions(options, server, connections)).use("stream", exactEnvelope)),
    // By force: a connection with a mail on it would otherwise stay until the server has answered.
    (pool) => Effect.sync(() => pool.close({ force: true }))
  )

  const deliver = (mail: SendMailOptions) =>
    Effect.tryPromise({
      try: (signal) => transport.sendMail({ ...mail, signal }),
      catch: (cause) => refusalOf(cause, secrets)
    }).pipe(
      Effect.timeoutOrElse({
        duration: limit,
        orElse: () => Effect.fail(transient(`the mail server did not take the mail within ${Duration.format(limit)}`))
      })
    )

  return Mailer.of({
    send: Effect.fn("SmtpMailer.send")(function* (message) {
      const flaw = flawOf(message)
      if (flaw !== undefined) return yield* new MailRefused({ permanent: true, reason: `not sent: ${flaw}` })
      const now = yield* DateTime.now
      yield* free.withPermits(1)(deliver(mailOf(message, from, DateTime.toDateUtc(now))))
    })
  })
})

const transient = (reason: string) => new MailRefused({ permanent: false, reason })

const transportOptions = (options: SmtpMailerOptions, server: SmtpServer, connections: number) => {
  const { credentials, encryption } = server
  const { connection = "5 seconds", greeting = "5 seconds", silence = "10 seconds" } = options.timeouts ?? {}
  const millis = (duration: Duration.Input) => Duration.toMillis(Duration.fromInputUnsafe(duration))
  return {
    pool: true,
    maxConnections: connections,
    maxMessages: options.mailsPerConnection ?? 100,
    // A server that ended an idle connection meanwhile costs no attempt of the engine.
    maxRequeues: 2,
    host: server.host,
    port: server.port,
    ...(server.name === undefined ? {} : { name: server.name }),
    secure: encryption === "implicit",
    requireTLS: encryption === "required",
    ignoreTLS: encryption === "none",
    tls: { rejectUnauthorized: server.verify, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    // Credentials are used, or the server says why not: without them it would only refuse the recipients.
    ...(credentials === undefined
      ? {}
      : { auth: { user: credentials.user, pass: Redacted.value(credentials.pass) }, forceAuth: true }),
    connectionTimeout: millis(connection),
    dnsTimeout: millis(connection),
    greetingTimeout: millis(greeting),
    socketTimeout: millis(silence),
    socketCloseTimeout: 1_000,
    maxResponseSize: 64 * 1024,
    disableFileAccess: true,
    disableUrlAccess: true
  } as const
}

type Plugin = Parameters<ReturnType<typeof createTransport>["use"]>[1]

/**
 * Puts the addresses into the envelope as they are. nodemailer reads and rewrites them on the way, domains above all;
 * that it would change none today is no promise.
 */
const exactEnvelope: Plugin = (mail, done) => {
  const { from, to } = mail.data.envelope ?? {}
  if (typeof from === "string" && typeof to === "string") mail.message.getEnvelope = () => ({ from, to: [to] })
  done()
}

const mailOf = (message: MailMessage, from: MailFrom, date: Date): SendMailOptions => ({
  envelope: { from: from.address, to: message.to },
  from: { name: from.name, address: from.address },
  to: { name: "", address: message.to },
  subject: message.subject,
  messageId: message.messageId,
  date,
  text: message.text,
  html: message.html,
  // RFC 3834, section 5; the second is what Exchange heeds. No machine is to answer, and no vacation notice to come
  // back.
  headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
  xMailer: false
})

/** Why a message cannot be put on the wire as it is. Judged before anything is sent. */
const flawOf = (message: MailMessage): string | undefined => {
  if (!isMailbox(message.to)) return "the recipient is not a plain ASCII address"
  if (!isHeaderText(message.subject)) return "the subject contains a control character or is not valid Unicode"
  if (!isMessageId(message.messageId)) return "the Message-ID is not valid"
  return undefined
}

/** The credentials in every form in which a server might repeat them. */
const secretsOf = ({ credentials }: SmtpServer): ReadonlyArray<string> => {
  if (credentials === undefined) return []
  const pass = Redacted.value(credentials.pass)
  const plain = [pass, credentials.user]
  const encoded = [`\0${credentials.user}\0${pass}`, ...plain].map((text) => Buffer.from(text).toString("base64"))
  // The longest first, so that no part of one stays behind when a shorter one inside it is hidden.
  return [...encoded, ...plain].sort((one, other) => other.length - one.length)
}
