/**
 * Probes a domain, for every sender of an account on it at once, and sets the time of the next probe.
 *
 * The verdict becomes a command only for senders whose domain it would change; the others cost no write. The task's
 * payload carries the streaks of negatives from probe to probe.
 */
import {
  type DnsObservation,
  type DnsPlan,
  decideProbe,
  isLive,
  jitter,
  judgePlan,
  nextStreak,
  type ProbeResult,
  type ProbeSubject,
  planKey,
  probeResult,
  probeWait,
  type Streak,
  senderDecider,
  type TaskPayload
} from "@countersign/core"
import { Effect, Random } from "effect"
import { probePlan } from "../DnsProbe.ts"
import { Executor } from "../Executor.ts"
import { DnsResolver } from "../ports/DnsResolver.ts"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import type { ClaimedTask } from "../ports/TaskQueue.ts"
import { neverRefused, neverRepeated } from "../Refusals.ts"
import type { Handler, Next, Run } from "./TaskRunner.ts"

const pageSize = 500

/**
 * What was seen for one plan. Senders of one domain share a plan unless the zone or the identity key was changed in
 * between.
 */
interface Probe {
  readonly evidence: ReadonlyArray<DnsObservation>
  readonly result: ProbeResult
  readonly streak: Streak | undefined
}

export const makeDomainProbe = Effect.gen(function* () {
  const executor = yield* Executor
  const directory = yield* SenderDirectory
  const resolver = yield* DnsResolver

  const probe = Effect.fnUntraced(function* (plan: DnsPlan, known: Streak | undefined, onDemand: boolean, at: number) {
    const evidence = yield* probePlan(resolver, plan)
    const result = probeResult(judgePlan(plan.records, evidence))
    // An on-demand probe never adds to the streak, only ends it.
    const streak = onDemand && result === "negative" ? known : nextStreak(known, result, at)
    return { evidence, result, streak } satisfies Probe
  })

  const record = Effect.fnUntraced(function* (
    task: ClaimedTask,
    entry: ListedSender,
    { evidence, streak }: Probe,
    onDemand: boolean,
    at: number
  ) {
    const { account, id, incarnation } = entry
    const seen = { at, evidence, streak, onDemand }
    if (decideProbe(entry, seen)._tag !== "Happened") return entry.domainState
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
    return after !== undefined && isLive(after) ? after.domainState : entry.domainState
  })

  const run = Effect.fn("DomainProbe.run")(function* ({ task, payload, now }: Run<"probe">) {
    const { account, domain, scheduledFor } = payload
    const onDemand = scheduledFor !== undefined && now < scheduledFor
    const probes = new Map<string, Probe>()
    let wait: number | undefined
    let after = 0
    while (true) {
      const page = yield* directory.onDomain(account, domain, after, pageSize)
      for (const { plan } of page) {
        const key = planKey(plan)
        if (!probes.has(key)) probes.set(key, yield* probe(plan, payload.streaks?.[key], onDemand, now))
      }
      const waits = yield* Effect.forEach(
        page,
        Effect.fnUntraced(function* (entry) {
          const seen = probes.get(planKey(entry.plan))
          if (seen === undefined) return undefined
          const domainState = yield* record(task, entry, seen, onDemand, now)
          return probeWait(subject(domainState, entry), seen.result, seen.streak, now)
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

  return { kind: "probe", concurrency: 16, attempts: 30, run } satisfies Handler<"probe">
})

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

const again = ({ account, domain }: TaskPayload<"probe">, due: number, probes: ReadonlyMap<string, Probe>): Next => {
  const streaks: { [plan: string]: Streak } = {}
  for (const [plan, { streak }] of probes) if (streak !== undefined) streaks[plan] = streak
  return { _tag: "Again", due, payload: { account, domain, scheduledFor: due, streaks } satisfies TaskPayload<"probe"> }
}
