/**
 * Looks at a domain's records, for every sender of an account on that domain at once, and sets the next look.
 *
 * The verdict becomes a command only for senders whose domain it would change; the others cost no write. The task's payload carries the
 * streaks of negatives from look to look.
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
  probeResult,
  probeWait,
  type Streak,
  type TaskPayload
} from "@countersign/core"
import { Effect, Random } from "effect"
import { probePlan } from "../DnsProbe.ts"
import { Executor } from "../Executor.ts"
import { DnsResolver } from "../ports/DnsResolver.ts"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import type { ClaimedTask } from "../ports/TaskQueue.ts"
import type { Handler, Next, Run } from "./TaskRunner.ts"

const pageSize = 500

/** What was seen for one plan. Senders of one domain share a plan unless the zone was changed in between. */
interface Look {
  readonly evidence: ReadonlyArray<DnsObservation>
  readonly result: ProbeResult
  readonly streak: Streak | undefined
}

export const makeDomainProbe = Effect.gen(function* () {
  const executor = yield* Executor
  const directory = yield* SenderDirectory
  const resolver = yield* DnsResolver

  const look = Effect.fnUntraced(function* (plan: DnsPlan, known: Streak | undefined, asked: boolean, at: number) {
    const evidence = yield* probePlan(resolver, plan)
    const result = probeResult(judgePlan(plan.records, evidence))
    const vantages = evidence.flatMap(({ servers }) => servers)
    // A look that was asked for never adds to the streak, only ends it.
    const streak = asked && result === "negative" ? known : nextStreak(known, result, at, vantages)
    return { evidence, result, streak } satisfies Look
  })

  const record = Effect.fnUntraced(function* (
    task: ClaimedTask,
    entry: ListedSender,
    { evidence, streak }: Look,
    asked: boolean,
    at: number
  ) {
    const probe = { at, evidence, streak, asked }
    const wouldBe = decideProbe(entry, probe)
    if (wouldBe._tag !== "Happened") return entry.domainState
    const executed = yield* executor.execute({
      account: entry.account,
      actor: "worker",
      correlation: task.task,
      command: { id: `task:${task.task}:${task.fence}:${entry.id}`, fingerprint: "" },
      steps: [
        {
          sender: entry.id,
          command: () => Effect.succeed({ _tag: "RecordProbe", incarnation: entry.incarnation, ...probe })
        }
      ],
      result: () => "",
      alwaysReceipt: false
    })
    const after = executed._tag === "Done" ? executed.steps[0]?.state : undefined
    return after !== undefined && isLive(after) ? after.domainState : entry.domainState
  })

  const run = Effect.fn("DomainProbe.run")(function* ({ task, payload, now }: Run<"probe">) {
    const { account, domain, scheduledFor } = payload
    const asked = scheduledFor !== undefined && now < scheduledFor
    const looks = new Map<string, Look>()
    let wait: number | undefined
    let after = 0
    while (true) {
      const page = yield* directory.onDomain(account, domain, after, pageSize)
      for (const { plan } of page) {
        if (!looks.has(plan.zone)) looks.set(plan.zone, yield* look(plan, payload.streaks?.[plan.zone], asked, now))
      }
      const waits = yield* Effect.forEach(
        page,
        Effect.fnUntraced(function* (entry) {
          const seen = looks.get(entry.plan.zone)
          if (seen === undefined) return undefined
          const domainState = yield* record(task, entry, seen, asked, now)
          return probeWait(subject(domainState, entry), seen.result, seen.streak, now)
        }),
        { concurrency: 16 }
      )
      for (const next of waits) if (next !== undefined) wait = Math.min(wait ?? next, next)
      if (page.length < pageSize) break
      after = page[page.length - 1]?.position ?? after
    }
    if (wait === undefined) return { _tag: "Complete" } satisfies Next
    // Asking often must not draw again and again until a short wait comes: what was asked for takes the longest one, and so
    // leaves the schedule where it is, unless a sender that is new to the domain wants a sooner look.
    const due = now + jitter(wait, asked ? 1 : yield* Random.next)
    return again(payload, asked ? Math.min(due, scheduledFor) : due, looks)
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

const again = ({ account, domain }: TaskPayload<"probe">, due: number, looks: ReadonlyMap<string, Look>): Next => {
  const streaks: { [zone: string]: Streak } = {}
  for (const [zone, { streak }] of looks) if (streak !== undefined) streaks[zone] = streak
  return { _tag: "Again", due, payload: { account, domain, scheduledFor: due, streaks } satisfies TaskPayload<"probe"> }
}
