/**
 * The configured resolvers: those of the options, or the system's. They tell where the servers of a zone are, and what
 * receivers of mail see, who ask such resolvers as well. One that gives no answer is asked last for a while.
 */
import { registrableDomain } from "@countersign/core"
import { Clock, Effect } from "effect"
import type { Question } from "./DnsMessage.ts"
import type { Outages } from "./Outages.ts"
import { isPublicAddress } from "./PublicAddress.ts"
import { type Answer, nothing, type Reading } from "./ReadAnswer.ts"
import type { ServerAsker } from "./ServerQuestion.ts"
import { mostSources, type Sources } from "./Sources.ts"

/** Asks the configured resolvers. */
export interface Recursives {
  /** Asks for the name until `wanted` of them answered; what they say is noted in the sources. */
  readonly ask: (question: Question, wanted: number, sources: Sources) => Effect.Effect<void>
  /** Asks one after the other until an answer will do. What others said is noted in the sources. */
  readonly lookUp: (
    question: Question,
    sources: Sources,
    willDo: (answer: Answer) => boolean
  ) => Effect.Effect<Answer | undefined>
}

export const makeRecursives = (
  asker: ServerAsker,
  outages: Outages,
  servers: () => ReadonlyArray<string>,
  allowPrivate: boolean
): Recursives => {
  const askServer = Effect.fnUntraced(function* (server: string, question: Question, checkingDisabled: boolean) {
    const reading = yield* asker.ask({ ...question, server, role: "recursive", checkingDisabled })
    yield* outages.noteResolver(server, registrableDomain(question.name), reading)
    return reading
  })

  /** Of a SERVFAIL, what the server says when it is asked not to check signatures: DNSSEC is what fails then. */
  const askBoth = Effect.fnUntraced(function* (
    server: string,
    question: Question
  ): Effect.fn.Return<{ readonly reading: Reading; readonly unchecked?: Answer }> {
    const reading = yield* askServer(server, question, false)
    if (reading._tag !== "Nothing" || reading.reason !== "SERVFAIL") return { reading }
    const unchecked = yield* askServer(server, question, true)
    return unchecked._tag === "Answer" ? { reading: { ...reading, bogus: true }, unchecked } : { reading }
  })

  const inOrder = Effect.map(Clock.currentTimeMillis, (now) => {
    const all = servers()
    return [
      ...all.filter((server) => !outages.isAskedLast(server, now)),
      ...all.filter((server) => outages.isAskedLast(server, now))
    ]
  })

  return {
    ask: Effect.fnUntraced(function* (question, wanted, sources) {
      const waiting = [...(yield* inOrder)]
      yield* sources.askUntil(
        wanted,
        (count) => Effect.sync(() => waiting.splice(0, count)),
        (server) =>
          Effect.map(askBoth(server, question), ({ reading }) =>
            reading._tag === "Answer" && !allowPrivate ? withoutPrivate(reading) : reading
          )
      )
    }),

    lookUp: Effect.fnUntraced(function* (question, sources, willDo) {
      let answer: Answer | undefined
      const servers = (yield* inOrder).slice(0, mostSources)
      const now = yield* Clock.currentTimeMillis
      const outBefore = servers.filter((server) => outages.isAskedLast(server, now))
      // A packet may be lost: who was silent is asked again when nobody else knows, before a no is believed too.
      const silent: Array<string> = []
      for (const server of [...servers, ...servers]) {
        if (sources.has(server) && !silent.includes(server)) continue
        const { reading, unchecked = reading } = yield* askBoth(server, question)
        if (unchecked._tag === "Answer" && willDo(unchecked)) return unchecked
        if (unchecked._tag === "Answer") answer ??= unchecked
        sources.note(server, reading._tag === "Referral" ? nothing("a referral that leads nowhere") : reading)
        if (reading._tag === "Nothing" && reading.kind === "silent") silent.push(server)
        const isSaid = sources.list.length === servers.length && silent.every((one) => outBefore.includes(one))
        if (answer !== undefined && isSaid) break
      }
      return answer
    })
  }
}

/** What a resolver within a network knows of that network is nobody's business outside. */
const withoutPrivate = (answer: Answer): Answer => ({
  ...answer,
  records: answer.records.filter(({ type, value }) => (type !== "A" && type !== "AAAA") || isPublicAddress(value))
})
