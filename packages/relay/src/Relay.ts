/**
 * The relay: an SMTP submission server (RFC 6409) for programs in any language, on smtp-server.
 *
 * It listens as long as its scope is open. At the end it takes no new transactions, and lets those that are open finish
 * for ten seconds.
 */
import { type Accounts, isLoopback } from "@countersign/engine"
import { makeMailSigner } from "@countersign/signing"
import { Cause, Context, Data, Duration, Effect, Exit, FiberSet, Layer, Option, Redacted, type Scope } from "effect"
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from "smtp-server"
import { makeLimits } from "./Limits.ts"
import type { RelaySettings } from "./RelaySettings.ts"
import { type Refused, refused } from "./SmtpReply.ts"
import { makeSession, type SmtpSession } from "./SmtpSession.ts"
import { makeFindSubmitter } from "./Submitter.ts"
import { ownName } from "./Upstream.ts"

/** The relay cannot start. The message is one sentence for the operator. */
export class RelayNotStarted extends Data.TaggedError("RelayNotStarted")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/** A running relay. */
export class Relay extends Context.Service<Relay, { readonly host: string; readonly port: number }>()(
  "countersign/Relay"
) {
  /** Starts a relay that lives as long as the layer. */
  static readonly layer = (settings: RelaySettings): Layer.Layer<Relay, RelayNotStarted, House> =>
    Layer.effect(Relay, make(settings))
}

type House = Accounts | Effect.Services<typeof makeMailSigner>

/** Longer than a mail server usually takes for its last reply. */
const graceful = 10_000

const make = Effect.fnUntraced(function* (
  settings: RelaySettings
): Effect.fn.Return<Relay["Service"], RelayNotStarted, House | Scope.Scope> {
  const { certificate, host } = settings
  if (certificate === undefined && !isLoopback(host)) {
    return yield* new RelayNotStarted({
      message: `The relay does not listen on ${host} without a certificate of its own: access keys would be sent in the clear.`
    })
  }
  const house = { find: yield* makeFindSubmitter, sign: yield* makeMailSigner }
  const limits = makeLimits(settings.limits)
  const run = yield* FiberSet.makeRuntime<never>()
  const sessions = new Map<string, { readonly steps: SmtpSession; line: string }>()
  const sessionOf = (id: string) => {
    const known = sessions.get(id) ?? { steps: makeSession(settings, house, limits), line: "" }
    sessions.set(id, known)
    return known
  }

  const conclude = <A>(step: Effect.Effect<A, Refused>, answer: (refusal: Error | null, value?: A) => void) => {
    run(
      Effect.onExit(step, (exit) => {
        if (Exit.isSuccess(exit)) return Effect.sync(() => answer(null, exit.value))
        const expected = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
        const { code, text } = expected ?? refused(451, "4.3.0 local error: try again later")
        answer(Object.assign(new Error(text), { responseCode: code }))
        // The relay ends.
        if (expected !== undefined || Cause.hasInterruptsOnly(exit.cause)) return Effect.void
        return Effect.logError("The relay could not take a step.", exit.cause)
      }).pipe(Effect.ignoreCause)
    )
  }

  const receive = Effect.fnUntraced(function* (
    steps: SmtpSession,
    stream: SMTPServerDataStream,
    session: SMTPServerSession
  ) {
    const message = yield* readAll(stream)
    // smtp-server answers 552 by itself (`rejectOversized`), and nobody hears the answer to half a message.
    if (Option.isNone(message)) return ""
    const { hostNameAppearsAs: helo, remoteAddress: address, transmissionType: protocol, id, transaction } = session
    return yield* steps.data(message.value, { helo, address, protocol, id: `${id}.${transaction}` })
  })

  const server = yield* Effect.try({
    try: () =>
      new SMTPServer({
        ...serverOptions(settings, (id, line) => {
          sessionOf(id).line = line
        }),
        onConnect: (session, callback) => {
          // What may be read on the way is not asked for (RFC 4954, section 4). MAIL has its own look at the key.
          if (certificate !== undefined && !session.secure) session.disabledCommands = ["AUTH"]
          callback()
        },
        onSecure: (_socket, session, callback) => {
          session.disabledCommands = []
          callback()
        },
        onAuth: ({ username = "", password }, session, callback) =>
          conclude(sessionOf(session.id).steps.authenticate(username, Redacted.make(password ?? "")), (refusal, user) =>
            callback(refusal, { user })
          ),
        onMailFrom: (_address, { id }, callback) => {
          const { steps, line } = sessionOf(id)
          conclude(steps.mail(line), callback)
        },
        onRcptTo: (_address, { id }, callback) => {
          const { steps, line } = sessionOf(id)
          conclude(steps.rcpt(line), callback)
        },
        onData: (stream, session, callback) =>
          conclude(receive(sessionOf(session.id).steps, stream, session), callback),
        onClose: ({ id }) => {
          sessions.get(id)?.steps.close()
          sessions.delete(id)
        }
      }),
    catch: (cause) =>
      new RelayNotStarted({ message: `The relay's certificate or key cannot be used: ${sentence(cause)}.`, cause })
  })

  const port = yield* Effect.acquireRelease(listen(server, settings), () => close(server))
  server.on("error", (error) => {
    run(Effect.logDebug("A connection of the relay broke.", error))
  })
  return { host, port }
})

const serverOptions = (
  settings: RelaySettings,
  noteLine: (connection: string, line: string) => void
): SMTPServerOptions => ({
  name: ownName(settings.upstream.name),
  disableReverseLookup: true,
  // The mail server judges addresses.
  lenientAddressParsing: true,
  hideSMTPUTF8: true,
  authMethods: ["PLAIN", "LOGIN"],
  size: settings.maxBytes,
  rejectOversized: true,
  maxRecipients: settings.maxRecipients ?? 100,
  maxClients: settings.maxConnections ?? 500,
  socketTimeout: Duration.toMillis(Duration.fromInputUnsafe(settings.idle ?? "5 minutes")),
  closeTimeout: graceful,
  // Without a certificate smtp-server would offer its own, whose key everybody knows.
  ...(settings.certificate === undefined
    ? { disabledCommands: ["STARTTLS"] }
    : { secure: settings.certificate.implicit, cert: settings.certificate.cert, key: settings.certificate.key }),
  // The log is the one public place where smtp-server tells the line as the client typed it. Credentials are not in it.
  logger: {
    debug: (entry: { readonly tnx?: string; readonly cid?: string }, _form: string, line?: unknown) => {
      if (entry.tnx === "command" && entry.cid !== undefined && typeof line === "string") noteLine(entry.cid, line)
    },
    trace: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    fatal: () => undefined
  }
})

/** The whole message, or nothing when it is too large or the client went away in the middle of it. */
const readAll = (stream: SMTPServerDataStream): Effect.Effect<Option.Option<Uint8Array>> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    stream.on("data", (chunk: Buffer) => {
      if (stream.sizeExceeded) chunks.length = 0
      else chunks.push(chunk)
    })
    stream.once("end", () =>
      resume(Effect.succeed(stream.sizeExceeded ? Option.none() : Option.some(Buffer.concat(chunks))))
    )
    stream.once("error", () => resume(Effect.succeed(Option.none())))
    stream.once("close", () => resume(Effect.succeed(Option.none())))
  })

const listen = (server: SMTPServer, { host, port }: RelaySettings): Effect.Effect<number, RelayNotStarted> =>
  Effect.callback((resume) => {
    const failed = (cause: Error) =>
      resume(
        Effect.fail(
          new RelayNotStarted({ message: `The relay cannot listen on ${host}, port ${port}: ${cause.message}.`, cause })
        )
      )
    server.once("error", failed)
    server.listen(port, host, () => {
      server.off("error", failed)
      const address = server.server.address()
      resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : port))
    })
  })

/** Lets go of the clients that wait for nothing; the others have `graceful` to finish. */
const close = (server: SMTPServer): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    for (const connection of server.connections) {
      // The TLS socket in between destroys itself, and the one beneath it, when it hears that this one has closed.
      if (connection._upgrading) connection._socket.emit("close", false)
      else if (!connection.session.envelope?.mailFrom) connection.send(421, "4.3.2 the relay is shutting down")
    }
  })

const sentence = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
