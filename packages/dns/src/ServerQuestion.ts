/**
 * One question to one server, within the limits: a place in the rate, one of the sockets, a try's time. Over UDP with
 * EDNS; without it for a server that cannot read that, over TCP for an answer that is cut off.
 */
import { randomInt } from "node:crypto"
import { isIPv6 } from "node:net"
import { Clock, Data, Effect, Metric, Semaphore } from "effect"
import { answersQuestion, decodeAnswer, encodeQuestion, isTruncated, type Question } from "./DnsMessage.ts"
import { DnsTransport, type TransportFailed } from "./DnsTransport.ts"
import { QuestionRate, type QuestionRates } from "./QuestionRate.ts"
import { nothing, type Reading, readAnswer } from "./ReadAnswer.ts"

/** A question and whom it goes to. */
export interface ServerQuestion extends Question {
  /** `host:port`. */
  readonly server: string
  readonly role: "authoritative" | "recursive"
  /** The zone whose server it is; absent for a recursive one. */
  readonly zone?: string
  readonly checkingDisabled?: boolean
}

export interface Limits {
  /** How long one try at one server may take over UDP and TCP together, in milliseconds. */
  readonly tryTimeout: number
  readonly rates: QuestionRates
}

/** Asks servers. */
export interface ServerAsker {
  readonly ask: (question: ServerQuestion) => Effect.Effect<Reading>
  /** Whether there was no way to addresses of this family just now. */
  readonly isUnreachable: (address: string) => Effect.Effect<boolean>
}

const mostSockets = 32
/** For so long no address of a family is asked that could not be reached. Milliseconds. */
const unreachableFor = 60_000
/** FORMERR, NOTIMP and BADVERS: what servers say to EDNS that do not know it (RFC 6891, section 7). */
const ednsTrouble = [1, 4, 16]

/** The server, or all of them, get as many questions as they may. */
class Busy extends Data.TaggedError("Busy") {}

const questions = Metric.counter("countersign_dns_questions_total", {
  description: "Questions that DNS servers were asked, by role and outcome",
  incremental: true
})

const busy = nothing("too many questions at once", "unasked")
export const late = nothing("no answer in time", "silent")

export const makeServerAsker = Effect.fnUntraced(function* (
  limits: Limits
): Effect.fn.Return<ServerAsker, never, DnsTransport> {
  const transport = yield* DnsTransport
  const sockets = yield* Semaphore.make(mostSockets)
  const rate = new QuestionRate(limits.rates)
  const unreachableUntil = new Map<boolean, number>()

  const unreachable = (server: string) =>
    Effect.map(Clock.currentTimeMillis, (now) => void unreachableUntil.set(isV6(server), now + unreachableFor))

  /** Waits for a place in the rate. */
  const place = Effect.fnUntraced(function* ({ role, server }: ServerQuestion): Effect.fn.Return<void, Busy> {
    const now = Number((yield* Clock.monotonicTimeNanos) / 1_000_000n)
    const wait = rate.take(server, role, now)
    if (wait === undefined) return yield* new Busy()
    if (wait > 0) yield* Effect.sleep(wait)
  })

  const exchange = (question: ServerQuestion, edns: boolean, via: "udp" | "tcp") => {
    const id = randomInt(0x1_0000)
    const packet = encodeQuestion(question, {
      id,
      edns,
      recursionDesired: question.role === "recursive",
      checkingDisabled: question.checkingDisabled === true
    })
    return transport.exchange(question.server, packet, via, (candidate) => answersQuestion(candidate, question, id))
  }

  const converse = Effect.fnUntraced(function* (
    question: ServerQuestion,
    edns: boolean
  ): Effect.fn.Return<Reading, TransportFailed | Busy> {
    const first = yield* exchange(question, edns, "udp")
    const isCut = isTruncated(first)
    if (isCut) yield* place(question)
    const message = decodeAnswer(isCut ? yield* exchange(question, edns, "tcp") : first)
    if (message === undefined) return nothing("the answer makes no sense")
    if (!edns || !ednsTrouble.includes(message.rcode)) return readAnswer(message, question, question.zone)
    yield* place(question)
    return yield* converse(question, false)
  })

  const ask = (question: ServerQuestion): Effect.Effect<Reading> =>
    converse(question, true).pipe(
      Effect.timeoutOrElse({ duration: limits.tryTimeout, orElse: () => Effect.succeed<Reading>(late) }),
      sockets.withPermits(1),
      (asking) => Effect.andThen(place(question), asking),
      Effect.catchTags({
        Busy: () => Effect.succeed(busy),
        TransportFailed: ({ reason, unreachable: isUnreachable }) =>
          Effect.as(isUnreachable ? unreachable(question.server) : Effect.void, nothing(reason, "silent"))
      })
    )

  return {
    ask: (question) =>
      Effect.tap(ask(question), (reading) =>
        Metric.update(Metric.withAttributes(questions, { role: question.role, outcome: outcomeOf(reading) }), 1)
      ),
    isUnreachable: (address) =>
      Effect.map(Clock.currentTimeMillis, (now) => (unreachableUntil.get(isV6(address)) ?? 0) > now)
  }
})

/** Of an address or `host:port`. */
const isV6 = (server: string): boolean => server.startsWith("[") || isIPv6(server)

const outcomeOf = (reading: Reading): string => {
  if (reading._tag === "Answer") return reading.outcome
  return reading._tag === "Referral" ? "referral" : "unavailable"
}
