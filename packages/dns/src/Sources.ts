/**
 * Asking several servers until enough of them gave an answer: what each of them said, as sources of an observation.
 */
import type { SourceAnswer } from "@countersign/core"
import { Effect } from "effect"
import { type Answer, type Nothing, nothing, type Reading } from "./ReadAnswer.ts"
import { late } from "./ServerQuestion.ts"

/** So many sources an observation has, and so many servers of one kind are asked. */
export const mostSources = 4

/**
 * What servers that were asked in one role said so far. It can be read at any time, also while some are still asked.
 */
export class Sources {
  readonly #said = new Map<string, SourceAnswer>()
  readonly #role: SourceAnswer["role"]

  constructor(role: SourceAnswer["role"]) {
    this.#role = role
  }

  get list(): ReadonlyArray<SourceAnswer> {
    return [...this.#said.values()]
  }

  /** Those that gave an answer about the name; of servers of a zone only an answer with AA counts. */
  get answered(): ReadonlyArray<SourceAnswer> {
    return this.list.filter(
      ({ outcome, role }) => outcome !== "unavailable" && (this.#role === "recursive" || role === "authoritative")
    )
  }

  has(server: string): boolean {
    return this.#said.has(server)
  }

  note(server: string, said: Answer | Nothing): void {
    this.#said.set(server, sourceAnswer(server, this.#role, said))
  }

  /** Forgets who gave no answer. */
  keepAnswered(): void {
    const answered = new Set(this.answered.map(({ server }) => server))
    for (const { server } of this.list) if (!answered.has(server)) this.#said.delete(server)
  }

  /**
   * Asks servers, as many at once as are missing, until `wanted` of them answered or nobody is left. A silent one gets
   * a second chance after all others. `next` finds up to so many servers that were not asked.
   */
  askUntil(
    wanted: number,
    next: (count: number) => Effect.Effect<ReadonlyArray<string>>,
    ask: (server: string) => Effect.Effect<Reading>
  ): Effect.Effect<void> {
    const sources = this
    return Effect.gen(function* () {
      const silent: Array<string> = []
      for (let asked = 0; sources.answered.length < wanted && asked < mostSources; ) {
        const missing = Math.min(wanted - sources.answered.length, mostSources - asked)
        const fresh = yield* next(missing)
        const batch = [...fresh, ...silent.splice(0, missing - fresh.length)]
        if (batch.length === 0) return
        asked += batch.length
        for (const server of batch) sources.note(server, late)
        yield* Effect.forEach(
          batch,
          (server) =>
            Effect.gen(function* () {
              const reading = yield* ask(server)
              if (reading._tag !== "Referral") sources.note(server, reading)
              if (reading._tag === "Nothing" && reading.kind === "silent" && fresh.includes(server)) silent.push(server)
            }),
          { concurrency: "unbounded", discard: true }
        )
      }
    })
  }
}

/** What one server said, as a source. */
const sourceAnswer = (server: string, asked: SourceAnswer["role"], said: Answer | Nothing): SourceAnswer => {
  if (said._tag === "Nothing") {
    const bogus = said.bogus === undefined ? {} : { bogus: said.bogus }
    return { server, role: asked, outcome: "unavailable", records: [], reason: said.reason, ...bogus }
  }
  const { negativeTtl, outcome, records, role } = said
  return { server, role, outcome, records, ...(negativeTtl === undefined ? {} : { negativeTtl }) }
}

/** A resolver that was not asked, with the reason; there may be none. */
export const unasked = (server: string | undefined, reason: string): SourceAnswer =>
  sourceAnswer(server ?? "0.0.0.0:53", "recursive", nothing(reason, "unasked"))
