/**
 * The steps of one client's connection: who it is, and its transactions, each of which is one with the mail server.
 *
 * The transaction with the mail server begins at MAIL and hears of every recipient at once, so that each gets the mail
 * server's own answer. Nothing of a message is sent before it is whole, checked and signed. There is no queue: what is
 * accepted was accepted by the mail server.
 */
import { isAscii } from "node:buffer"
import type { MailOwner, makeMailSigner } from "@countersign/signing"
import { DateTime, Effect, Option, type Redacted } from "effect"
import { readCommand } from "./CommandLine.ts"
import type { Limits } from "./Limits.ts"
import { countReceived, type Hop, receivedLine } from "./Received.ts"
import type { RelaySettings } from "./RelaySettings.ts"
import { isAccepted, passedOn, Refused, refused, textOf } from "./SmtpReply.ts"
import type { FindSubmitter } from "./Submitter.ts"
import { openUpstream, ownName, type Upstream, type UpstreamTimeouts, type UpstreamUnready } from "./Upstream.ts"
import type { UpstreamLost } from "./UpstreamWire.ts"

/** One client's connection. A step fails with the reply that refuses it. */
export interface SmtpSession {
  readonly authenticate: (user: string, key: Redacted.Redacted) => Effect.Effect<MailOwner, Refused>
  /** @param line the command as it was typed */
  readonly mail: (line: string) => Effect.Effect<void, Refused>
  readonly rcpt: (line: string) => Effect.Effect<void, Refused>
  /** Gives the mail server's last words. */
  readonly data: (message: Uint8Array, hop: Omit<Hop, "by" | "at">) => Effect.Effect<string, Refused>
  readonly close: () => void
}

type MailSigner = Effect.Success<typeof makeMailSigner>

const mostHops = 50
const mostFailures = 3

export const makeSession = (
  settings: RelaySettings,
  { find, sign }: { readonly find: FindSubmitter; readonly sign: MailSigner },
  limits: Limits
): SmtpSession => {
  let failures = 0
  let known: { readonly user: string; readonly key: Redacted.Redacted; readonly submitter: MailOwner } | undefined
  let upstream: Upstream | undefined
  let closed = false

  const leave = () => {
    if (known !== undefined) limits.leave(known.submitter.account)
    known = undefined
  }
  const dropUpstream = () => {
    upstream?.close()
    upstream = undefined
  }

  const authenticate: SmtpSession["authenticate"] = Effect.fn("Relay.authenticate")(function* (user, key) {
    // STARTTLS makes a client begin anew.
    leave()
    const found = yield* Effect.catchTag(find(user, key), "StorageUnavailable", (error) =>
      Effect.andThen(
        Effect.logWarning("The relay cannot check access keys.", error),
        Effect.fail(refused(454, "4.7.0 access keys cannot be checked now: try again later"))
      )
    )
    if (Option.isNone(found)) {
      failures += 1
      return yield* failures < mostFailures
        ? refused(535, "5.7.8 the user must be an account or organization, and the password its access key")
        : refused(421, "4.7.0 too many wrong access keys")
    }
    yield* limits.enter(found.value.account)
    known = { user, key, submitter: found.value }
    if (closed) leave()
    return found.value
  })

  /** A key that was revoked meanwhile lets no further message through. */
  const stillKnown = Effect.gen(function* () {
    if (known === undefined) return yield* refused(530, "5.7.0 authentication is required")
    const found = yield* orLater(find(known.user, known.key))
    return Option.isSome(found) ? found.value : yield* refused(550, "5.7.1 the access key is not valid any more")
  })

  const reconnect = Effect.gen(function* () {
    dropUpstream()
    const timeouts: UpstreamTimeouts = {
      ...{ connect: "15 seconds", reply: "1 minute", message: "10 minutes" },
      ...settings.timeouts
    }
    const opened = yield* Effect.catchTag(
      openUpstream(settings.upstream, { ca: settings.upstreamCa, timeouts }),
      "UpstreamUnready",
      notReady
    )
    // The client may have gone meanwhile.
    if (closed) opened.close()
    upstream = opened
    return opened
  })

  const mail: SmtpSession["mail"] = Effect.fn("Relay.mail")(function* (line) {
    const typed = readCommand(line, "MAIL")
    if (typed instanceof Refused) return yield* typed
    const { account } = yield* stillKnown
    yield* limits.message(account)
    const from = typed.address === "" ? "" : settings.bounce
    const eightBit = typed.parameters.get("BODY")?.toUpperCase() === "8BITMIME"
    const used = upstream
    // The last transaction may have been left open; RSET also tells whether the connection still lives.
    const reusable = used !== undefined && (yield* used.reset)
    let reply = yield* lostIsLater((reusable ? used : yield* reconnect).mail(from, eightBit))
    // The mail server wants no more messages on this connection.
    if (reusable && reply.code === 421) reply = yield* lostIsLater((yield* reconnect).mail(from, eightBit))
    if (aboutTheSession.includes(reply.code)) return yield* notReady({ reason: `MAIL was answered ${reply.code}` })
    if (!isAccepted(reply)) return yield* passedOn(reply)
  })

  const rcpt: SmtpSession["rcpt"] = Effect.fn("Relay.rcpt")(function* (line) {
    const typed = readCommand(line, "RCPT")
    if (typed instanceof Refused) return yield* typed
    if (upstream === undefined) return yield* refused(451, "4.4.2 the connection to the mail server is gone")
    const reply = yield* lostIsLater(upstream.rcpt(typed.address))
    if (!isAccepted(reply)) return yield* passedOn(reply)
  })

  const data: SmtpSession["data"] = Effect.fn("Relay.data")(function* (message, hop) {
    if (upstream === undefined) return yield* refused(451, "4.4.2 the connection to the mail server is gone")
    if (countReceived(message) >= mostHops) return yield* refused(554, "5.4.6 the message goes round in circles")
    if (!upstream.offers8BitMime && !isAscii(bodyOf(message))) {
      return yield* refused(550, "5.6.3 the mail server takes no 8-bit bodies: encode it as quoted-printable or base64")
    }
    // Asks for the key and the plan of this moment, after the last byte, and signs at once.
    const signed = yield* orLater(
      sign(message, yield* stillKnown, hop.id, {
        unsigned: settings.unsigned,
        rewrite: settings.fallback === "rewrite"
      })
    )
    const at = DateTime.toDateUtc(yield* DateTime.now)
    const received = receivedLine({ ...hop, by: ownName(settings.upstream.name), at })
    const reply = yield* lostIsLater(upstream.data(Buffer.concat([received, signed])))
    if (!isAccepted(reply)) return yield* passedOn(reply)
    return textOf(reply)
  })

  return {
    authenticate,
    mail,
    rcpt,
    data,
    close: () => {
      closed = true
      leave()
      dropUpstream()
    }
  }
}

/** Replies to MAIL that are about the relay's own session, and nothing that its client could mend (RFC 4954). */
const aboutTheSession = [503, 530, 534, 535, 538]

/** The header is not judged here: the rules of messages say more of it. */
const bodyOf = (message: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  return bytes.subarray(Math.max(0, bytes.indexOf("\r\n\r\n")))
}

type Failure = Effect.Error<ReturnType<FindSubmitter>> | Effect.Error<ReturnType<MailSigner>>

const orLater = <A>(effect: Effect.Effect<A, Refused | Failure>): Effect.Effect<A, Refused> =>
  Effect.catch(effect, (error) => {
    if (error._tag === "Refused") return Effect.fail(error)
    if (error._tag === "MessageRefused") return Effect.fail(refused(550, `${error.enhancedCode} ${error.message}`))
    if (error._tag === "FromRefused") {
      // It will be another answer soon.
      const isSoon = error.code === "storage-unavailable"
      return Effect.fail(isSoon ? refused(451, `4.3.0 ${error.message}`) : refused(550, `5.7.1 ${error.message}`))
    }
    const what = error._tag === "StorageUnavailable" ? "the storage is not available" : "the message cannot be signed"
    return Effect.andThen(
      Effect.logError(`The relay cannot take a message: ${error.message}`),
      Effect.fail(refused(451, `4.3.0 ${what} now: try again later`))
    )
  })

const lostIsLater = <A>(effect: Effect.Effect<A, UpstreamLost>): Effect.Effect<A, Refused> =>
  Effect.catch(effect, (error) =>
    Effect.andThen(
      Effect.logWarning(`The relay lost the mail server: ${error.reason}.`),
      Effect.fail(refused(451, "4.4.2 the connection to the mail server was lost: try again later"))
    )
  )

/** Trouble that only the operator can mend: the client tries again, and the log says why. */
const notReady = ({ reason }: Pick<UpstreamUnready, "reason">): Effect.Effect<never, Refused> =>
  Effect.andThen(
    Effect.logError(`The relay cannot use the mail server: ${reason}.`),
    Effect.fail(refused(451, "4.3.5 the relay cannot use its mail server now: try again later"))
  )
