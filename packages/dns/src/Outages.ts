/**
 * What is out: configured resolvers, and the way to authoritative servers as such. Each outage has one log line when it
 * begins and one when it ends, however many questions fell into it.
 */
import { Clock, Effect } from "effect"
import type { Reading } from "./ReadAnswer.ts"

/**
 * So many questions in a row, about so many domains, make an outage of a resolver that is worth a line: one packet may
 * be lost, and a resolver is silent too while it waits for a domain whose servers are dead.
 */
const outageAfter = { questions: 3, domains: 2 } as const
/** For so long a resolver that gave no answer is asked after the others. Milliseconds. */
const askedLastFor = 30_000
/** So many zones in a row, and the reason lies with us: a single zone's servers may be down. */
const zonesUntilCut = 3
/** When nothing can be asked directly, one question tries it again so often. Milliseconds. */
const triedAgainAfter = 30_000

interface Outage {
  failures: number
  /** Some of the domains that were asked about. */
  readonly domains: Set<string>
  isTold: boolean
  readonly since: number
  latest: number
}

/** Remembers what is out. */
export class Outages {
  readonly #resolvers = new Map<string, Outage>()
  /** Zones none of whose servers could be asked since one answered directly. */
  readonly #cutZones = new Set<string>()
  #everDirect = false
  #cutSince: number | undefined
  #nextTry = 0

  /** Whether the resolver gave no answer just now: waiting for it again would cost other questions their time. */
  isAskedLast(server: string, now: number): boolean {
    const outage = this.#resolvers.get(server)
    return outage !== undefined && now - outage.latest < askedLastFor
  }

  /**
   * Whether authoritative servers cannot be asked. Before the first one answered, a single zone is enough to think so.
   */
  get isCutOff(): boolean {
    return this.#cutSince !== undefined
  }

  /** Whether a question should not even try them: they were out for several zones, and somebody tried just now. */
  skipsDirect(now: number): boolean {
    if (this.#cutZones.size < zonesUntilCut) return false
    if (now < this.#nextTry) return true
    this.#nextTry = now + triedAgainAfter
    return false
  }

  /** What a resolver said to a question about the domain. */
  noteResolver(server: string, domain: string, reading: Reading): Effect.Effect<void> {
    if (reading._tag === "Nothing" && reading.kind === "unasked") return Effect.void
    const failed = reading._tag === "Nothing" && (reading.kind === "silent" || reading.kind === "refused")
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const outage = this.#resolvers.get(server)
      if (!failed) {
        this.#resolvers.delete(server)
        if (outage?.isTold !== true) return Effect.void
        return Effect.logInfo(`The DNS resolver ${server} answers again, after ${seconds(now - outage.since)}.`)
      }
      const next = outage ?? { failures: 0, domains: new Set(), isTold: false, since: now, latest: now }
      next.failures += 1
      if (next.domains.size < outageAfter.domains) next.domains.add(domain)
      next.latest = now
      this.#resolvers.set(server, next)
      const isOut = next.failures >= outageAfter.questions && next.domains.size >= outageAfter.domains
      if (next.isTold || !isOut) return Effect.void
      next.isTold = true
      return Effect.logWarning(`The DNS resolver ${server} gives no answers: ${reading.reason}.`)
    })
  }

  /** That a server of a zone answered us itself. */
  noteDirect(): Effect.Effect<void> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const since = this.#cutSince
      this.#everDirect = true
      this.#cutZones.clear()
      this.#cutSince = undefined
      return since === undefined
        ? Effect.void
        : Effect.logInfo(`Authoritative DNS servers can be asked again, after ${seconds(now - since)}.`)
    })
  }

  /** That none of the zone's servers could be asked, for no reason of their own. */
  noteCut(zone: string): Effect.Effect<void> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (this.#cutZones.size < zonesUntilCut) this.#cutZones.add(zone)
      if (this.#cutSince !== undefined || this.#cutZones.size < (this.#everDirect ? zonesUntilCut : 1)) {
        return Effect.void
      }
      this.#cutSince = now
      return Effect.logWarning(
        "No authoritative DNS server can be asked from here. Recursive resolvers are asked in their place: a record " +
          "that is published late is seen late. Is port 53 open to the internet?"
      )
    })
  }
}

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`
