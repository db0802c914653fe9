/**
 * The watch: probes every three seconds the domains that somebody looks at, outside of the queue.
 *
 * It stores nothing. A verdict that differs from the last probe's, or neighbours seen an hour ago, make the domain's
 * own probe due, before all others, as an on-demand probe: that one is what counts. Where only resolvers can be asked
 * it waits until the last no has left their caches, because a question before then tells nothing.
 */
import {
  type DnsObservation,
  judgePlan,
  mergeVerdicts,
  planKey,
  probeKey,
  probeResult,
  probeTask,
  sameVerdicts
} from "@countersign/core"
import { Clock, Effect, Layer, Option } from "effect"
import { DnsResolver } from "../ports/DnsResolver.ts"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { TaskQueue } from "../ports/TaskQueue.ts"
import { probePlan } from "../probing/PlanProbe.ts"
import { neighbourSpacing, readProbed } from "../probing/Probed.ts"
import { type WatchedDomain, WatchedDomains } from "../probing/WatchedDomains.ts"

/** The time between two turns, in milliseconds, and how many domains a turn has at most. */
const interval = 3_000
const turnSize = 200

const watchDomains = Effect.gen(function* () {
  const watched = yield* WatchedDomains
  const directory = yield* SenderDirectory
  const queue = yield* TaskQueue
  const resolver = yield* DnsResolver

  const watch = Effect.fn("DomainWatch.watch")(function* (looked: WatchedDomain) {
    const { account, domain } = looked
    const [entry] = yield* directory.onDomain(account, domain, 0, 1)
    if (entry === undefined || entry.domainState === "verified") return
    const task = yield* queue.find(probeKey(account, domain))
    const known = Option.isSome(task) ? readProbed(task.value)?.[planKey(entry.plan)] : undefined
    const now = yield* Clock.currentTimeMillis
    // Without a first probe there is nothing to differ from, and it is due anyway.
    if (known === undefined) return
    if (now < known.at + cached(known.evidence)) return yield* watched.rest(looked, known.at + cached(known.evidence))
    // Due before everything that waits: somebody is looking.
    const probeNow = queue.put(probeTask(account, domain, 0, 0))
    // The schedule asks for neighbours on change only.
    if (now - (known.neighboursAt ?? now) >= neighbourSpacing) return yield* probeNow
    const { plan } = entry
    const before = judgePlan(plan.records, known.evidence)
    const evidence = yield* probePlan(resolver, plan, domain, { quick: probeResult(before) === "negative" })
    yield* watched.rest(looked, now + cached(evidence))
    const verdicts = mergeVerdicts(before, judgePlan(plan.records, evidence))
    if (probeResult(verdicts) === "valid" || !sameVerdicts(before, verdicts)) yield* probeNow
  })

  const turn = Effect.flatMap(watched.turn(turnSize), (domains) =>
    Effect.forEach(
      domains,
      (domain) => Effect.catchCause(watch(domain), (cause) => Effect.logWarning("a domain cannot be watched", cause)),
      { concurrency: 50, discard: true }
    )
  )
  return yield* Effect.forkScoped(
    Effect.forever(Effect.andThen(watched.awaitSome, Effect.andThen(Effect.sleep(interval), turn)))
  )
})

/** The watch as background work of the layer's scope: part of `Workers`, and all that a process without them needs. */
export const DomainWatch = { layer: Layer.effectDiscard(watchDomains) }

/** For how long resolvers keep their no, in milliseconds, where only they could be asked. */
const cached = (evidence: ReadonlyArray<DnsObservation>): number =>
  1_000 * Math.max(0, ...evidence.filter(({ mode }) => mode === "resolver").map(longestNo))

const longestNo = ({ sources }: DnsObservation): number =>
  Math.max(0, ...sources.map(({ negativeTtl = 0 }) => negativeTtl))
