/**
 * Probes a domain, for every sender of an account on it at once, and sets the time of the next probe.
 *
 * The verdict becomes a command only for senders whose domain it would change; the others cost no write. The task's
 * payload carries what is known from probe to probe: the last evidence, and the negatives in a row.
 */
import {
  decideProbe,
  isLive,
  jitter,
  judgePlan,
  neighbourQuestions,
  nextStreak,
  type ProbeRecord,
  type ProbeResult,
  type ProbeSubject,
  planKey,
  probeResult,
  probeWait,
  senderDecider,
  type TaskPayload
} from "@countersign/core"
import { Effect, Metric, Random } from "effect"
import { Executor } from "../Executor.ts"
import { DnsResolver } from "../ports/DnsResolver.ts"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import type { ClaimedTask } from "../ports/TaskQueue.ts"
import { makeBreaker, type VerifiedProbe } from "../probing/Breaker.ts"
import { askNeighbours, probePlan } from "../probing/PlanProbe.ts"
import { neighbourSpacing } from "../probing/Probed.ts"
import { neverRefused, neverRepeated } from "../Refusals.ts"
import type { Handler, Next, Run } from "./TaskRunner.ts"

const pageSize = 500
/** After so many quick probes in a row a whole one follows: some servers deny names above those that exist. */
const quickInARow = 3

const probesMade = Metric.counter("countersign_probes_total", {
  description: "Probes of a domain's records, by what they came to.",
  incremental: true
})

const transitions = Metric.counter("countersign_domain_transitions_total", {
  description: "Senders whose domain changed its state, by the new state.",
  incremental: true
})

/**
 * What was seen for one plan. Senders of one domain share a plan unless the zone or the identity key was changed in
 * between.
 */
interface Probed {
  readonly record: ProbeRecord
  readonly result: ProbeResult
  /** Whether the DNS as a whole is in doubt. Asked only when a domain would move down. */
  readonly held: Effect.Effect<boolean>
}

/** How a run is meant. */
interface Occasion {
  readonly at: number
  readonly onDemand: boolean
}

export const makeDomainProbe = Effect.gen(function* () {
  const executor = yield* Executor
  const directory = yield* SenderDirectory
  const resolver = yield* DnsResolver
  const breaker = makeBreaker(resolver)

  const probe = Effect.fnUntraced(function* (entry: ListedSender, known: ProbeRecord | undefined, occasion: Occasion) {
    const { account, domain, kind, plan } = entry
    const { at, onDemand } = occasion
    const verified = isVerified(entry)
    const quick = !verified && known !== undefined && allMissing(known) && (known.quick ?? 0) < quickInARow
    const evidence = yield* probePlan(resolver, plan, domain, { verified, quick })
    const verdicts = judgePlan(plan.records, evidence)
    const result = probeResult(verdicts)
    yield* Metric.update(Metric.withAttributes(probesMade, { result }), 1)
    const seen = { account, domain, plan, at, evidence, result }
    if (verified) {
      yield* breaker.saw(seen)
      const before = known === undefined ? "valid" : probeResult(judgePlan(plan.records, known.evidence))
      yield* tellOutage(seen, before)
    }
    const since: { [record: string]: ProbeRecord["since"][string] } = {}
    for (const { name, verdict } of verdicts) {
      const before = known?.since[name]
      since[name] = before?.verdict === verdict ? before : { verdict, at }
    }
    const isNew = plan.records.some(({ name }) => since[name]?.at === at)
    // They cost ten times what a probe does: without news they are asked for those who look.
    const isDue = known?.neighboursAt === undefined || (onDemand && at - known.neighboursAt >= neighbourSpacing)
    const asked =
      (isNew && result !== "valid") || isDue
        ? {
            neighbours: yield* askNeighbours(resolver, domain, neighbourQuestions({ plan, domain, evidence, kind })),
            neighboursAt: at
          }
        : { neighbours: known.neighbours, neighboursAt: known.neighboursAt }
    const rightAt = result === "valid" ? at : known?.rightAt
    const streak = known?.streak ?? []
    const record: ProbeRecord = {
      at,
      evidence,
      ...asked,
      since,
      ...(rightAt === undefined ? {} : { rightAt }),
      // An on-demand probe never adds to the streak, only ends it.
      streak: onDemand && result === "negative" ? streak : nextStreak(plan.records, streak, result, { at, evidence }),
      quick: quick ? (known?.quick ?? 0) + 1 : 0
    }
    const held = yield* Effect.cached(breaker.holds(seen))
    return { record, result, held } satisfies Probed
  })

  const report = Effect.fnUntraced(function* (
    task: ClaimedTask,
    entry: ListedSender,
    { record: { evidence, streak }, held: isHeld }: Probed,
    { at, onDemand }: Occasion
  ) {
    const { account, id, incarnation } = entry
    const told = { at, evidence, streak, onDemand, held: false }
    const decision = decideProbe(entry, told)
    if (decision._tag !== "Happened") return entry.domainState
    const falls = decision.events.some(({ _tag }) => _tag === "DomainDegraded" || _tag === "DomainVerificationLost")
    const seen = { ...told, held: falls && (yield* isHeld) }
    const request = {
      account,
      actor: "worker",
      correlation: task.task,
      command: `task:${task.task}:${task.fence}:${id}`
    }
    const executed = yield* executor
      .execute(request, (tx) => tx.decide(senderDecider, id, { _tag: "RecordProbe", incarnation, ...seen }))
      .pipe(
        Effect.catchTags({ ...neverRefused, ...neverRepeated }),
        // A sender whose events cannot be read keeps nobody else on the domain from being verified.
        Effect.catchTag("EventUndecodable", (error) =>
          Effect.as(Effect.logError("the verdict on a domain cannot be written for a sender", error), undefined)
        )
      )
    const after = executed?._tag === "Done" ? executed.value.state : undefined
    if (after !== undefined && isLive(after) && after.domainState !== entry.domainState) {
      yield* Metric.update(Metric.withAttributes(transitions, { to: after.domainState }), 1)
    }
    return after !== undefined && isLive(after) ? after.domainState : entry.domainState
  })

  /** When the first probe of a sender may come, if it must not come yet: a resolver's cache would keep its no. */
  const tooEarly = Effect.fnUntraced(function* (entry: ListedSender, known: ProbeRecord | undefined, now: number) {
    if (known !== undefined || isVerified(entry) || (yield* resolver.mode) !== "resolver") return undefined
    const from = entry.addedAt + resolver.firstProbeAfter
    return from > now ? from : undefined
  })

  const run = Effect.fn("DomainProbe.run")(function* ({ task, payload, now }: Run<"probe">) {
    const { account, domain, scheduledFor } = payload
    const onDemand = scheduledFor !== undefined && now < scheduledFor
    const probes = new Map<string, Probed>()
    let wait: number | undefined
    let after = 0
    while (true) {
      const page = yield* directory.onDomain(account, domain, after, pageSize)
      for (const entry of page) {
        const key = planKey(entry.plan)
        if (probes.has(key)) continue
        const known = payload.probed?.[key]
        const from = yield* tooEarly(entry, known, now)
        if (from !== undefined) return { _tag: "Again", due: from, payload } satisfies Next
        probes.set(key, yield* probe(entry, known, { at: now, onDemand }))
      }
      const waits = yield* Effect.forEach(
        page,
        Effect.fnUntraced(function* (entry) {
          const seen = probes.get(planKey(entry.plan))
          if (seen === undefined) return undefined
          const domainState = yield* report(task, entry, seen, { at: now, onDemand })
          // On demand a no that is new sets no sooner probe: that would be the first step down.
          const result = onDemand && seen.result === "negative" ? "valid" : seen.result
          return probeWait(subject(domainState, entry), result, seen.record.streak, now)
        }),
        { concurrency: 16 }
      )
      for (const next of waits) if (next !== undefined) wait = Math.min(wait ?? next, next)
      if (page.length < pageSize) break
      after = page[page.length - 1]?.position ?? after
    }
    if (wait === undefined) return { _tag: "Complete" } satisfies Next
    // Probing often on demand must not draw again and again until a short wait comes: such a probe takes the longest
    // one, and so leaves the schedule where it is, unless a sender that is new to the domain wants a sooner probe.
    const due = now + jitter(wait, onDemand ? 1 : yield* Random.next)
    return again(payload, onDemand ? Math.min(due, scheduledFor) : due, probes)
  })

  return { kind: "probe", concurrency: 64, attempts: 30, run } satisfies Handler<"probe">
})

/** One line when a verified domain can no longer be asked about, and one when it can be again. */
const tellOutage = ({ domain, evidence, result }: VerifiedProbe, before: ProbeResult): Effect.Effect<void> => {
  if ((result === "indeterminate") === (before === "indeterminate")) return Effect.void
  if (result !== "indeterminate") return Effect.logInfo("a verified domain can be asked about again", { domain })
  const reasons = [...new Set(evidence.flatMap(({ sources }) => sources.flatMap(({ reason }) => reason ?? [])))]
  return Effect.logWarning("a verified domain cannot be asked about; it stays verified", { domain, reasons })
}

const isVerified = ({ domainState }: ListedSender): boolean => domainState === "verified" || domainState === "degraded"

/** Whether nothing at all was there: then one question can tell that it still is so. */
const allMissing = ({ evidence, since }: ProbeRecord): boolean =>
  Object.values(since).every(({ verdict }) => verdict === "missing") &&
  evidence.every(({ sources }) => sources.every(({ outcome }) => outcome === "nxdomain" || outcome === "unavailable"))

const subject = (domainState: ListedSender["domainState"], { addedAt }: ListedSender): ProbeSubject => {
  switch (domainState) {
    case "verified":
      return { _tag: "Verified" }
    case "degraded":
    case "lost":
      return { _tag: "Fallen" }
    default:
      return { _tag: "Unverified", since: addedAt }
  }
}

const again = ({ account, domain }: TaskPayload<"probe">, due: number, probes: ReadonlyMap<string, Probed>): Next => {
  const probed: { [plan: string]: ProbeRecord } = {}
  for (const [plan, { record }] of probes) probed[plan] = record
  return { _tag: "Again", due, payload: { account, domain, scheduledFor: due, probed } satisfies TaskPayload<"probe"> }
}
