/**
 * What is known about the DNS of a sender's domain, and how to mend it. Whoever asks is looking at the domain.
 */
import {
  type Diagnosed,
  diagnose,
  hostOf,
  judgePlan,
  type ProbeRecord,
  planKey,
  probeKey,
  probeResult,
  zoneOf
} from "@countersign/core"
import { Effect, Option, Schema } from "effect"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import { TaskQueue } from "../ports/TaskQueue.ts"
import { readProbed } from "../probing/Probed.ts"
import { WatchedDomains } from "../probing/WatchedDomains.ts"
import type { DnsReport, Reported } from "./DnsReport.ts"
import { orNotFound, SenderOf, useCase } from "./UseCase.ts"

/** Reports on a listed sender. */
export const makeReport = Effect.gen(function* () {
  const queue = yield* TaskQueue
  const watched = yield* WatchedDomains
  return Effect.fnUntraced(function* (sender: ListedSender) {
    yield* watched.look(sender)
    const task = yield* queue.find(probeKey(sender.account, sender.domain))
    const known = Option.isSome(task) ? readProbed(task.value)?.[planKey(sender.plan)] : undefined
    return dnsReport(sender, known, Option.isSome(task) ? task.value.due : undefined)
  })
})

/** The report on a sender from what its domain's probe task knows. */
export const dnsReport = <Of extends Reported>(
  sender: Of,
  known: ProbeRecord | undefined,
  nextProbeAt: number | undefined
): DnsReport<Of> => {
  const { plan, domain, domainState } = sender
  const evidence = known?.evidence ?? []
  const verdicts = judgePlan(plan.records, evidence)
  const zone = zoneOf({ plan, domain, evidence })
  const diagnosed: Diagnosed = {
    plan,
    domain,
    evidence,
    neighbours: known?.neighbours ?? [],
    kind: sender.kind,
    ...(known === undefined ? {} : { since: known.since }),
    ...(known?.rightAt === undefined ? {} : { lastRightAt: known.rightAt }),
    verified: domainState === "verified" || domainState === "degraded"
  }
  return {
    sender,
    zone,
    records: plan.records.map(({ type, name, value }, index) => ({
      type,
      name,
      host: hostOf(name, zone),
      value,
      verdict: known === undefined ? undefined : verdicts[index]?.verdict,
      found: verdicts[index]?.found ?? []
    })),
    findings: known === undefined ? [] : diagnose(diagnosed),
    lastProbe:
      known === undefined
        ? undefined
        : {
            at: known.at,
            result: probeResult(verdicts),
            mode: evidence.some(({ mode }) => mode === "resolver") ? "resolver" : "authoritative"
          },
    nextProbeAt,
    lastRightAt: known?.rightAt,
    evidence
  }
}

export const dns = useCase(
  "dns",
  Schema.Struct(SenderOf),
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const report = yield* makeReport
    return Effect.fnUntraced(function* ({ account, id }) {
      return yield* report(yield* orNotFound(directory.find(account, id)))
    })
  })
)
