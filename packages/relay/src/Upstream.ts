/**
 * The SMTP client of the relay: one transaction after the other on a connection to the mail server, with the server's
 * own reply to every recipient (RFC 5321, section 3.3).
 *
 * Our own, because nodemailer's `SMTPConnection` sends all recipients and the message in one call, and the relay needs
 * the answer to one recipient before it hears of the next. It knows STARTTLS (RFC 3207) and AUTH PLAIN and LOGIN (RFC
 * 4954), nothing else.
 */
import { connect as connectPlain, isIP, type Socket } from "node:net"
import { hostname } from "node:os"
import { connect as connectTls } from "node:tls"
import { Data, Duration, Effect, Redacted } from "effect"
import { isAccepted, type SmtpReply } from "./SmtpReply.ts"
import { UpstreamLost, type Wire, wireOver } from "./UpstreamWire.ts"

/** Where the mail server is and how it is talked to: what `parseSmtpUrl` of the mailer gives. */
export interface UpstreamServer {
  readonly host: string
  readonly port: number
  readonly encryption: "implicit" | "required" | "opportunistic" | "none"
  /** Whether the server's certificate must be valid for the host. */
  readonly verify: boolean
  readonly credentials: { readonly user: string; readonly pass: Redacted.Redacted } | undefined
  /** How the relay calls itself. */
  readonly name: string | undefined
}

/** How long the mail server may take. */
export interface UpstreamTimeouts {
  /** From the look-up of the host to an open connection. */
  readonly connect: Duration.Input
  /** For every reply but the last one. */
  readonly reply: Duration.Input
  /** From the first byte of a message to the last reply. */
  readonly message: Duration.Input
}

/** There is no connection that a transaction could begin on. `reason` is for the log, and holds no secret. */
export class UpstreamUnready extends Data.TaggedError("UpstreamUnready")<{
  readonly reason: string
  readonly cause?: unknown
}> {}

/** A connection that is greeted, encrypted and authenticated as it has to be. */
export interface Upstream {
  readonly offers8BitMime: boolean
  readonly mail: (from: string, eightBit: boolean) => Effect.Effect<SmtpReply, UpstreamLost>
  readonly rcpt: (to: string) => Effect.Effect<SmtpReply, UpstreamLost>
  /** Sends a message. The reply is the one to DATA when that is refused, else the one to the last dot. */
  readonly data: (message: Uint8Array) => Effect.Effect<SmtpReply, UpstreamLost>
  /** Ends a transaction that was not finished. False: the connection is of no more use. */
  readonly reset: Effect.Effect<boolean>
  readonly close: () => void
}

/** The name for EHLO and Received: a bare host name says nothing to others (RFC 5321, section 4.1.3). */
export const ownName = (configured: string | undefined): string =>
  configured ?? (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(hostname()) ? hostname() : "[127.0.0.1]")

/** Connects, and does all that comes before the first transaction. */
export const openUpstream = Effect.fn("Upstream.open")(function* (
  server: UpstreamServer,
  { ca, timeouts }: { readonly ca: string | undefined; readonly timeouts: UpstreamTimeouts }
): Effect.fn.Return<Upstream, UpstreamUnready> {
  const tls = {
    rejectUnauthorized: server.verify,
    ...(ca === undefined ? {} : { ca }),
    ...(isIP(server.host) === 0 ? { servername: server.host } : {})
  }
  const implicit = server.encryption === "implicit"
  const at = { host: server.host, port: server.port }
  let wire = yield* dial(() => (implicit ? connectTls({ ...at, ...tls }) : connectPlain(at)), implicit, timeouts)

  const ask = (line: string): Effect.Effect<SmtpReply, UpstreamLost> => {
    wire.write(`${line}\r\n`)
    return wire.reply(timeouts.reply)
  }
  const expect = (step: string, reply: Effect.Effect<SmtpReply, UpstreamLost>, wanted: number) =>
    Effect.flatMap(
      Effect.mapError(reply, ({ reason, cause }) => new UpstreamUnready({ reason: `${step}: ${reason}`, cause })),
      (answer) => (answer.code === wanted ? Effect.succeed(answer) : unready(`${step} was answered ${answer.code}`))
    )
  const hello = Effect.suspend(() => expect("EHLO", ask(`EHLO ${ownName(server.name)}`), 250)).pipe(
    Effect.map(({ lines }) => new Set(lines.slice(1).map((line) => line.toUpperCase().trim())))
  )

  const prepare = Effect.gen(function* () {
    yield* expect("the greeting", wire.reply(timeouts.reply), 220)
    let offers = yield* hello
    const startTls =
      server.encryption === "required" || (server.encryption === "opportunistic" && offers.has("STARTTLS"))
    if (startTls) {
      yield* expect("STARTTLS", ask("STARTTLS"), 220)
      // What came before the encryption could have been put there by anybody.
      if (wire.hasMore()) return yield* unready("STARTTLS: the mail server went on in the clear")
      wire.release()
      const { socket } = wire
      wire = yield* dial(() => connectTls({ socket, ...tls }), true, timeouts)
      offers = yield* hello
    }
    if (server.credentials !== undefined) yield* authenticate(offers, server.credentials, ask, expect)
    return offers
  })
  const offers = yield* Effect.onError(prepare, () => Effect.sync(() => wire.close()))

  return {
    offers8BitMime: offers.has("8BITMIME"),
    mail: (from, eightBit) => ask(`MAIL FROM:<${from}>${eightBit && offers.has("8BITMIME") ? " BODY=8BITMIME" : ""}`),
    rcpt: (to) => ask(`RCPT TO:<${to}>`),
    data: Effect.fnUntraced(function* (message) {
      const go = yield* ask("DATA")
      if (go.code !== 354) return isAccepted(go) ? yield* new UpstreamLost({ reason: "DATA was not understood" }) : go
      wire.write(dotStuffed(message))
      const last = yield* wire.reply(timeouts.message)
      // An answer before the end: what follows would not be read as commands.
      if (wire.socket.writableLength > 0) wire.close()
      return last
    }),
    reset: Effect.suspend(() =>
      wire.isOpen() && !wire.hasMore()
        ? Effect.match(ask("RSET"), { onFailure: () => false, onSuccess: isAccepted })
        : Effect.succeed(false)
    ),
    close: () => (wire.isOpen() ? wire.quit() : wire.close())
  }
})

const unready = (reason: string) => Effect.fail(new UpstreamUnready({ reason }))

/** Waits until a new socket is connected, and encrypted when it is to be. */
const dial = (make: () => Socket, secure: boolean, timeouts: UpstreamTimeouts): Effect.Effect<Wire, UpstreamUnready> =>
  Effect.callback<Wire, UpstreamUnready>((resume) => {
    const socket = make()
    const wire = wireOver(socket)
    const ready = secure ? "secureConnect" : "connect"
    const onError = (cause: Error) =>
      resume(Effect.fail(new UpstreamUnready({ reason: `the mail server cannot be reached: ${cause.message}`, cause })))
    socket.once("error", onError)
    socket.once(ready, () => {
      socket.off("error", onError)
      socket.setNoDelay(true)
      resume(Effect.succeed(wire))
    })
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.timeoutOrElse({
      duration: timeouts.connect,
      orElse: () =>
        unready(
          `the mail server cannot be reached within ${Duration.format(Duration.fromInputUnsafe(timeouts.connect))}`
        )
    })
  )

const authenticate = Effect.fnUntraced(function* (
  offers: ReadonlySet<string>,
  { user, pass }: NonNullable<UpstreamServer["credentials"]>,
  ask: (line: string) => Effect.Effect<SmtpReply, UpstreamLost>,
  expect: (
    step: string,
    reply: Effect.Effect<SmtpReply, UpstreamLost>,
    wanted: number
  ) => Effect.Effect<SmtpReply, UpstreamUnready>
) {
  const base64 = (text: string) => Buffer.from(text).toString("base64")
  const methods = [...offers].find((line) => /^AUTH[ =]/.test(line))?.split(/[ =]/) ?? []
  if (methods.includes("PLAIN")) {
    return yield* expect("AUTH", ask(`AUTH PLAIN ${base64(`\0${user}\0${Redacted.value(pass)}`)}`), 235)
  }
  if (!methods.includes("LOGIN")) return yield* unready("the mail server offers neither AUTH PLAIN nor AUTH LOGIN")
  yield* expect("AUTH", ask("AUTH LOGIN"), 334)
  yield* expect("AUTH", ask(base64(user)), 334)
  return yield* expect("AUTH", ask(base64(Redacted.value(pass))), 235)
})

const dot = Buffer.from(".")

/** The message as it goes over the wire, with the last dot (RFC 5321, section 4.5.2). Its first line is a Received. */
const dotStuffed = (message: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const parts: Array<Uint8Array> = []
  let start = 0
  for (let at = bytes.indexOf("\r\n."); at !== -1; at = bytes.indexOf("\r\n.", start)) {
    parts.push(bytes.subarray(start, at + 2), dot)
    start = at + 2
  }
  return Buffer.concat([...parts, bytes.subarray(start), Buffer.from(".\r\n")])
}
