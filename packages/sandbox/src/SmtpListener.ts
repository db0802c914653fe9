/**
 * The socket side of the SMTP sink: an smtp-server on loopback whose every step asks a set of handlers written as
 * effects. It promises that closing its scope closes the listening socket and every open connection, and that a handler
 * never outlives that scope.
 */
import { Cause, Data, Effect, Exit, FiberSet, Option, type Scope } from "effect"
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from "smtp-server"
import { type SmtpConnections, watch } from "./SmtpConnections.ts"
import type { SmtpReply } from "./SmtpTransactions.ts"

/** The sink cannot listen: the port is taken, or the certificate is none. */
export class SmtpSinkError extends Data.TaggedError("SmtpSinkError")<{
  readonly message: string
  readonly cause: unknown
}> {}

/** What becomes of one step of the dialogue. */
export type Verdict =
  | { readonly kind: "go"; readonly text?: string }
  | ({ readonly kind: "reply" } & SmtpReply)
  | { readonly kind: "drop" }
  | { readonly kind: "silent" }

/** Whom the server lets in. */
export interface SmtpCredentials {
  readonly user: string
  readonly pass: string
}

/** The steps of the dialogue. `connection` names the connection in all of them. */
export interface SmtpHandlers {
  readonly connect: Effect.Effect<Verdict>
  readonly auth: (given: SmtpCredentials) => Effect.Effect<Verdict>
  /** The raw line of a command, told before its step is asked. */
  readonly line: (connection: string, line: string) => void
  readonly mail: (connection: string) => Effect.Effect<Verdict>
  readonly rcpt: (connection: string) => Effect.Effect<Verdict>
  readonly data: (connection: string, bytes: Uint8Array, session: SessionFacts) => Effect.Effect<Verdict>
  readonly closed: (connection: string) => void
}

interface SessionFacts {
  readonly secure: boolean
  readonly user: string | null
}

export interface SmtpListenerOptions {
  readonly host: string
  readonly port: number
  readonly maxBytes: number
  readonly authRequired: boolean
  readonly tls: { readonly mode: "implicit" | "starttls"; readonly key: string; readonly cert: string } | undefined
}

export interface SmtpListener {
  readonly port: number
  readonly connections: SmtpConnections["count"]
}

const refusal = ({ code, text }: SmtpReply): Error => Object.assign(new Error(text), { responseCode: code })

/** The whole message, or nothing when the client went away in the middle of it. */
const readAll = (stream: SMTPServerDataStream): Effect.Effect<Option.Option<Uint8Array>> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    stream.on("data", (chunk: Buffer) => {
      if (stream.sizeExceeded) chunks.length = 0
      else chunks.push(chunk)
    })
    stream.once("end", () => resume(Effect.succeed(Option.some(Buffer.concat(chunks)))))
    stream.once("error", () => resume(Effect.succeed(Option.none())))
    stream.once("close", () => resume(Effect.succeed(Option.none())))
  })

const serverOptions = (options: SmtpListenerOptions, noteLine: SmtpHandlers["line"]): SMTPServerOptions => ({
  name: "sandbox.invalid",
  disableReverseLookup: true,
  // The strict check of an address is made on the typed line. The strict one of smtp-server refuses an address of 254
  // octets, which RFC 5321 allows.
  lenientAddressParsing: true,
  hideSMTPUTF8: true,
  size: options.maxBytes,
  rejectOversized: true,
  authOptional: !options.authRequired,
  maxAllowedUnauthenticatedCommands: false,
  ...(options.tls === undefined
    ? { disabledCommands: ["STARTTLS"] }
    : { secure: options.tls.mode === "implicit", key: options.tls.key, cert: options.tls.cert }),
  // The log is the one public place where smtp-server tells the line as the client typed it.
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

const listen = (server: SMTPServer, host: string, port: number): Effect.Effect<number, SmtpSinkError> =>
  Effect.callback((resume) => {
    const failed = (cause: Error) =>
      resume(
        Effect.fail(
          new SmtpSinkError({ message: `The SMTP sink cannot listen on ${host}:${port}: ${cause.message}`, cause })
        )
      )
    server.once("error", failed)
    server.listen(port, host, () => {
      server.off("error", failed)
      const address = server.server.address()
      resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : port))
    })
  })

/** Listens until the scope closes. */
export const make = Effect.fnUntraced(function* (
  options: SmtpListenerOptions,
  handlers: SmtpHandlers
): Effect.fn.Return<SmtpListener, SmtpSinkError, Scope.Scope> {
  const run = yield* FiberSet.makeRuntime<never>()

  type Answer = (error?: Error | null, text?: string) => void
  const conclude = (session: SMTPServerSession, step: Effect.Effect<Verdict>, answer: Answer) => {
    run(
      Effect.onExit(step, (exit) =>
        Effect.gen(function* () {
          // The sink is closing, and the connection is gone.
          if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return
          if (Exit.isFailure(exit)) {
            yield* Effect.logError("The SMTP sink could not take a step.", exit.cause)
            answer(refusal({ code: 451, text: "4.3.0 local error" }))
            return
          }
          const verdict = exit.value
          if (verdict.kind === "go") answer(null, verdict.text)
          else if (verdict.kind === "reply") answer(refusal(verdict))
          else if (verdict.kind === "drop") connections.drop(session)
        })
      )
    )
  }

  const receive = Effect.fnUntraced(function* (stream: SMTPServerDataStream, session: SMTPServerSession) {
    const bytes = yield* readAll(stream)
    if (Option.isNone(bytes)) return { kind: "silent" } as const
    // smtp-server answers 552 by itself (`rejectOversized`); there is only nothing to keep.
    if (stream.sizeExceeded) return { kind: "go" } as const
    const user = typeof session.user === "string" ? session.user : null
    return yield* handlers.data(session.id, bytes.value, { secure: session.secure, user })
  })

  const server = yield* Effect.try({
    try: () =>
      new SMTPServer({
        ...serverOptions(options, handlers.line),
        onConnect: (session, callback) => {
          connections.begun(session)
          conclude(session, handlers.connect, callback)
        },
        onAuth: (auth, session, callback) => {
          const user = auth.username ?? ""
          conclude(session, handlers.auth({ user, pass: auth.password ?? "" }), (error) =>
            error instanceof Error ? callback(error) : callback(null, { user })
          )
        },
        onMailFrom: (_address, session, callback) => conclude(session, handlers.mail(session.id), callback),
        onRcptTo: (_address, session, callback) => conclude(session, handlers.rcpt(session.id), callback),
        onData: (stream, session, callback) => conclude(session, receive(stream, session), callback),
        onClose: (session) => {
          connections.ended(session)
          handlers.closed(session.id)
        }
      }),
    catch: (cause) => new SmtpSinkError({ message: `The SMTP sink cannot be set up: ${String(cause)}`, cause })
  })
  const connections = watch(server, options.tls?.mode === "implicit")

  const port = yield* Effect.acquireRelease(listen(server, options.host, options.port), () => connections.close)
  server.on("error", (error) => {
    run(Effect.logDebug("A connection of the SMTP sink broke.", error))
  })
  return { port, connections: connections.count }
})
