/**
 * The domains that somebody looks at in this process: whoever asks for a sender's state notes its domain here, and the
 * watch (`workers/DomainWatch.ts`) probes it often for two minutes.
 */
import type { AccountId, DomainName } from "@countersign/core"
import { Clock, Context, Effect, Latch, Layer } from "effect"
import type { ListedSender } from "../ports/SenderDirectory.ts"

/** A domain of an account. */
export interface WatchedDomain {
  readonly account: AccountId
  readonly domain: DomainName
}

/** How long a domain is watched after it was last looked at, in milliseconds. */
const watchedFor = 2 * 60 * 1_000
/** So many domains are kept at most; those that were looked at longest ago go first. */
const most = 10_000

/** `turn` counts the turns; that of a domain is the last one it had. Before `rested` it has none. */
interface Entry extends WatchedDomain {
  readonly until: number
  turn: number
  rested: number
}

const make = Effect.gen(function* () {
  const some = yield* Latch.make()
  /** In the order in which they were last looked at. */
  const entries = new Map<string, Entry>()
  let turns = 0

  const keyOf = ({ account, domain }: WatchedDomain) => `${domain} ${account}`

  return {
    /** Somebody looks at the sender now. There is nothing to wait for when its domain is verified. */
    look: ({ account, domain, domainState }: ListedSender): Effect.Effect<void> =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (domainState === "verified") return
        const key = keyOf({ account, domain })
        const { turn, rested } = entries.get(key) ?? { turn: 0, rested: 0 }
        entries.delete(key)
        entries.set(key, { account, domain, until: now + watchedFor, turn, rested })
        Latch.openUnsafe(some)
        const [oldest] = entries.keys()
        if (entries.size > most && oldest !== undefined) entries.delete(oldest)
      }),
    /** A probe before this time would tell nothing. */
    rest: (watched: WatchedDomain, until: number): Effect.Effect<void> =>
      Effect.sync(() => {
        const entry = entries.get(keyOf(watched))
        if (entry !== undefined) entry.rested = until
      }),
    /** Waits until there is a domain to watch. */
    awaitSome: Latch.await(some),
    /** The watched domains whose turn it is: so many at most, one of each account after the other. */
    turn: (limit: number): Effect.Effect<ReadonlyArray<WatchedDomain>> =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        for (const [key, { until }] of entries) if (until <= now) entries.delete(key)
        if (entries.size === 0) Latch.closeUnsafe(some)
        const waiting = [...entries.values()].filter(({ rested }) => rested <= now).sort((a, b) => a.turn - b.turn)
        const queues = [...Map.groupBy(waiting, ({ account }) => account).values()]
        const longest = Math.max(0, ...queues.map(({ length }) => length))
        const chosen: Array<Entry> = []
        for (let round = 0; round < longest && chosen.length < limit; round++) {
          for (const queue of queues) {
            const next = queue[round]
            if (next !== undefined && chosen.length < limit) chosen.push(next)
          }
        }
        turns += 1
        for (const entry of chosen) entry.turn = turns
        return chosen
      })
  }
})

/** See the top of the file. */
export class WatchedDomains extends Context.Service<WatchedDomains, Effect.Success<typeof make>>()(
  "countersign/WatchedDomains"
) {
  static readonly layer = Layer.effect(WatchedDomains, make)
}
