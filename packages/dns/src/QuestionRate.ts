/**
 * How many questions a second a server gets from us, and all servers together. The bound holds in every second, not on
 * average: name servers count so, and answer those who ask more with silence.
 */

/** Questions a second. */
export interface QuestionRates {
  /** To one authoritative address. */
  readonly authoritative: number
  /** To one configured resolver. */
  readonly recursive: number
  /** To all servers together. */
  readonly all: number
}

/** Whoever would wait longer is turned away: a queue that grows without end answers nobody in time. Milliseconds. */
const longestWait = 2_000
const second = 1_000
/** So many servers are remembered before those that were not asked for a second are forgotten. */
const rememberedServers = 1_024

/** When the questions of the last second were asked, and when those to come will be. */
class Window {
  readonly #limit: number
  readonly #times: Array<number> = []

  constructor(limit: number) {
    this.#limit = Math.max(1, Math.trunc(limit))
  }

  /** When the next question may be asked. */
  free(now: number): number {
    while ((this.#times[0] ?? now) + second <= now) this.#times.shift()
    const before = this.#times.at(-this.#limit)
    return before === undefined ? now : Math.max(now, before + second)
  }

  take(at: number): void {
    this.#times.push(at)
  }

  isIdle(now: number): boolean {
    return (this.#times.at(-1) ?? now - second) + second <= now
  }
}

/** The questions of one resolver. Times are milliseconds of a clock that is never set back. */
export class QuestionRate {
  readonly #rates: QuestionRates
  readonly #all: Window
  readonly #servers = new Map<string, Window>()

  constructor(rates: QuestionRates) {
    this.#rates = rates
    this.#all = new Window(rates.all)
  }

  /** Takes a place, and tells how many milliseconds are left until then; `undefined` when there is none soon. */
  take(server: string, role: "authoritative" | "recursive", now: number): number | undefined {
    const window = this.#servers.get(server) ?? new Window(this.#rates[role])
    const at = Math.max(window.free(now), this.#all.free(now))
    if (at - now > longestWait) return undefined
    if (this.#servers.size >= rememberedServers) this.#forget(now)
    this.#servers.set(server, window)
    window.take(at)
    this.#all.take(at)
    return at - now
  }

  #forget(now: number): void {
    for (const [server, window] of this.#servers) if (window.isIdle(now)) this.#servers.delete(server)
  }
}
