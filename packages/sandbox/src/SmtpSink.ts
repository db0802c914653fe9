/**
 * An SMTP server on loopback that keeps every mail it gets and delivers none: the mailbox of `serve --sandbox`, and the
 * other side of every mailer test. It speaks real SMTP over real sockets (RFC 5321, with AUTH and TLS when asked), and
 * can be told to misbehave. A mail is acknowledged only after it is kept and `onMessage` has finished. Closing the
 * scope, or `close`, closes the listening socket and all connections.
 */
import { Context, type Duration, Effect, Exit, Layer, Scope } from "effect"
import { FaultScript, type Faults } from "./FaultScript.ts"
import * as Gate from "./Gate.ts"
import type { ReceivedMessage } from "./ReceivedMessage.ts"
import type { SandboxTimeout } from "./SandboxTimeout.ts"
import { type SmtpFault, type SmtpStage, strikes } from "./SmtpFault.ts"
import * as SmtpInbox from "./SmtpInbox.ts"
import type { SmtpCredentials, SmtpSinkError } from "./SmtpListener.ts"
import * as SmtpListener from "./SmtpListener.ts"
import { SmtpTransactions } from "./SmtpTransactions.ts"

/** How the sink is made; everything has a default. */
export interface SmtpSinkOptions {
  readonly host?: "127.0.0.1"
  /** 0, the default, takes any free port. */
  readonly port?: number
  /** Messages of an earlier sink, newest first. */
  readonly messages?: ReadonlyArray<ReceivedMessage>
  /**
   * Runs before a mail is acknowledged, such as to store it. The octets are those after dot-unstuffing. When it dies,
   * the mail is answered 451 and not kept.
   */
  readonly onMessage?: (message: ReceivedMessage, octets: Uint8Array) => Effect.Effect<void>
  /** How many messages are kept, 1000 by default; the oldest go first. */
  readonly maxMessages?: number
  /** Octets of the largest message, 10 MiB by default; a larger one is answered 552 (RFC 1870). */
  readonly maxBytes?: number
  /** The only credentials that are let in, and then required. Without it any are accepted and none are needed. */
  readonly auth?: SmtpCredentials
  /** TLS from the first byte (`implicit`) or offered by STARTTLS. Without it STARTTLS is not offered. PEM texts. */
  readonly tls?: { readonly mode: "implicit" | "starttls"; readonly key: string; readonly cert: string }
}

/** A running sink. */
export interface SmtpSinkHandle {
  readonly host: string
  readonly port: number
  /** `host:port`. */
  readonly address: string
  /** What has been received, newest first. */
  readonly messages: Effect.Effect<ReadonlyArray<ReceivedMessage>>
  readonly clear: Effect.Effect<void>
  /** The newest message that matches, present or to come. */
  readonly awaitMessage: (
    predicate: (message: ReceivedMessage) => boolean,
    timeout: Duration.Input
  ) => Effect.Effect<ReceivedMessage, SandboxTimeout>
  /** Replaces the faults; `undefined` ends them. */
  readonly setFaults: (faults: Faults<SmtpFault>) => Effect.Effect<void>
  /** Lets go of the answers that a `slow` fault without a time holds back now. */
  readonly release: Effect.Effect<void>
  /** Waits until so many answers are held back by `slow` faults. */
  readonly awaitHeld: (count: number, timeout: Duration.Input) => Effect.Effect<void, SandboxTimeout>
  /** Connections accepted and mails kept since the start, and connections open now. */
  readonly counts: Effect.Effect<{ readonly connections: number; readonly open: number; readonly mails: number }>
  /** Closes the listening socket and the open connections. Doing it again does nothing. */
  readonly close: Effect.Effect<void>
}

const listening = Effect.fnUntraced(function* (
  options: SmtpSinkOptions
): Effect.fn.Return<Omit<SmtpSinkHandle, "close">, SmtpSinkError, Scope.Scope> {
  const host = options.host ?? "127.0.0.1"
  const script = new FaultScript<SmtpFault>()
  const transactions = new SmtpTransactions()
  const gate = yield* Gate.make
  const inbox = yield* SmtpInbox.make({
    restored: options.messages ?? [],
    max: options.maxMessages ?? 1000,
    onMessage: options.onMessage ?? (() => Effect.void)
  })

  /** What the faults say about this step: the first one that is not merely slow, if any. */
  const fault = Effect.fnUntraced(function* (stage: SmtpStage, recipients: ReadonlyArray<string>) {
    for (const next of script.spend(strikes(stage, recipients))) {
      if (next.kind !== "slow") return next
      yield* gate.hold(next.wait)
    }
    return undefined
  })
  const go: SmtpListener.Verdict = { kind: "go" }

  const envelopeStep = (stage: "MAIL" | "RCPT", accept: (connection: string, address: string) => void) =>
    Effect.fnUntraced(function* (connection: string): Effect.fn.Return<SmtpListener.Verdict> {
      const typed = transactions.typed(connection, stage === "MAIL")
      if ("refusal" in typed) return { kind: "reply", ...typed.refusal }
      const struck = yield* fault(stage, stage === "RCPT" ? [typed.address] : [])
      if (struck === undefined) accept(connection, typed.address)
      return struck ?? go
    })

  const data: SmtpListener.SmtpHandlers["data"] = Effect.fnUntraced(function* (connection, bytes, session) {
    const envelope = { ...transactions.envelope(connection), ...session }
    const struck = yield* fault("DATA", envelope.to)
    if (struck !== undefined && !(struck.kind === "drop" && struck.kept === true)) return struck
    return yield* inbox.keep(bytes, envelope).pipe(
      Effect.map((message): SmtpListener.Verdict => struck ?? { kind: "go", text: `2.0.0 kept as ${message.id}` }),
      Effect.catchTag("MessageUnreadable", (error) =>
        Effect.as(Effect.logDebug("The SMTP sink got a message that it cannot read.", error), {
          kind: "reply" as const,
          code: 554,
          text: "5.6.0 the message cannot be read"
        })
      )
    )
  })

  const listener = yield* SmtpListener.make(
    {
      host,
      port: options.port ?? 0,
      maxBytes: options.maxBytes ?? 10 * 1024 * 1024,
      authRequired: options.auth !== undefined,
      tls: options.tls
    },
    {
      connect: Effect.map(fault("CONNECT", []), (struck) => struck ?? go),
      auth: Effect.fnUntraced(function* ({ user, pass }): Effect.fn.Return<SmtpListener.Verdict> {
        const struck = yield* fault("AUTH", [])
        if (struck !== undefined) return struck
        const known = options.auth === undefined || (options.auth.user === user && options.auth.pass === pass)
        return known ? go : { kind: "reply", code: 535, text: "5.7.8 the credentials are wrong" }
      }),
      line: (connection, line) => transactions.noteLine(connection, line),
      mail: envelopeStep("MAIL", (connection, address) => transactions.begin(connection, address)),
      rcpt: envelopeStep("RCPT", (connection, address) => transactions.addRecipient(connection, address)),
      data,
      closed: (connection) => transactions.forget(connection)
    }
  )

  return {
    host,
    port: listener.port,
    address: `${host}:${listener.port}`,
    messages: inbox.messages,
    clear: inbox.clear,
    awaitMessage: inbox.awaitMessage,
    setFaults: (faults) => Effect.sync(() => script.set(faults)),
    release: gate.release,
    awaitHeld: gate.awaitHeld,
    counts: Effect.gen(function* () {
      const { open, total } = yield* listener.connections
      return { connections: total, open, mails: yield* inbox.received }
    })
  }
})

/** The sandbox's SMTP server as a service. */
export class SmtpSink extends Context.Service<SmtpSink, SmtpSinkHandle>()("@countersign/sandbox/SmtpSink") {
  /** Starts a sink that lives as long as the scope, or until `close`. */
  static readonly make = Effect.fn("SmtpSink.make")(function* (
    options: SmtpSinkOptions = {}
  ): Effect.fn.Return<SmtpSinkHandle, SmtpSinkError, Scope.Scope> {
    const inner = yield* Scope.fork(yield* Scope.Scope)
    const sink = yield* Scope.provide(listening(options), inner)
    return { ...sink, close: Scope.close(inner, Exit.void) }
  })

  static readonly layer = (options: SmtpSinkOptions = {}): Layer.Layer<SmtpSink, SmtpSinkError> =>
    Layer.effect(SmtpSink, SmtpSink.make(options))
}
