/**
 * The breaker: before a domain moves down, is it the domain that is wrong, or the DNS as this process sees it?
 *
 * Nobody moves down while it holds; the operator is told once when that begins and once when it ends, and it ends by
 * itself. It holds while a fifth of the verified domains that were probed last are suddenly wrong, while a verified
 * domain of somebody else is not found right in the same moment, and while the operator's own zone does not answer.
 */
import {
  type AccountId,
  type DnsObservation,
  type DnsPlan,
  type DomainName,
  judgePlan,
  type ProbeResult,
  probeResult,
  readingsOf,
  registrableDomain
} from "@countersign/core"
import { Effect, Metric } from "effect"
import type { DnsResolver } from "../ports/DnsResolver.ts"
import { probePlan } from "./PlanProbe.ts"

/** A probe of a domain that was verified before it. */
export interface VerifiedProbe {
  readonly account: AccountId
  readonly domain: DomainName
  readonly plan: DnsPlan
  readonly evidence: ReadonlyArray<DnsObservation>
  readonly result: ProbeResult
}

/** So many of the registrable domains probed last have a vote. */
const voters = 50
/** This share of them, and at least so many accounts, hold everything. */
const holding = { share: 0.2, votes: 3 } as const

const state = Metric.gauge("countersign_breaker_open", {
  description: "1 while nobody moves down because the DNS as a whole is in doubt."
})

export const makeBreaker = (resolver: DnsResolver["Service"]) => {
  /** The verified registrable domains probed last, the newest at the end. */
  const recent = new Map<string, VerifiedProbe>()
  const zonesThatAnswered = new Set<string>()
  let isOpen = false

  const tell = (why: string | undefined) =>
    Effect.suspend(() => {
      if ((why !== undefined) === isOpen) return Effect.void
      isOpen = why !== undefined
      return Effect.andThen(
        Metric.update(state, isOpen ? 1 : 0),
        isOpen
          ? Effect.logError(`no domain moves down for now: ${why}`)
          : Effect.logInfo("domains may move down again: the DNS is no longer in doubt")
      )
    })

  /** Too many accounts are wrong at once. */
  const isOutbreak = (): boolean => {
    const accounts = [...Map.groupBy(recent.values(), ({ account }) => account).values()]
    const wrong = accounts.filter((probes) => probes.some(({ result }) => result === "negative")).length
    return wrong >= holding.votes && wrong >= accounts.length * holding.share
  }

  /** Another verified domain, of another account if there is one. */
  const other = ({ account, domain }: VerifiedProbe): VerifiedProbe | undefined => {
    const others = [...recent.values()].filter(
      (probe) => probe.result === "valid" && registrableDomain(probe.domain) !== registrableDomain(domain)
    )
    return others.findLast((probe) => probe.account !== account) ?? others[others.length - 1]
  }

  const zoneAnswers = Effect.fnUntraced(function* (zone: string) {
    const { sources } = yield* resolver.ask(zone, "SOA", { domain: zone })
    const answers = sources.some(({ outcome }) => outcome !== "unavailable")
    if (answers) zonesThatAnswered.add(zone)
    return answers
  })

  const doubt = Effect.fnUntraced(function* (probe: VerifiedProbe): Effect.fn.Return<string | undefined> {
    if (isOutbreak()) return "too many verified domains are wrong at once"
    const { zone } = probe.plan
    const didAnswer = zonesThatAnswered.has(zone)
    const answers = yield* zoneAnswers(zone)
    if (didAnswer && !answers) return `the zone ${zone} does not answer`
    const control = other(probe)
    if (control === undefined) {
      return answers || hasTwoServers(probe) ? undefined : "there is nothing to compare a wrong domain with"
    }
    const evidence = yield* probePlan(resolver, control.plan, control.domain, { verified: true })
    return probeResult(judgePlan(control.plan.records, evidence)) === "valid"
      ? undefined
      : "another verified domain cannot be seen either"
  })

  return {
    /** Notes what a probe of a verified domain came to. */
    saw: (probe: VerifiedProbe): Effect.Effect<void> =>
      Effect.suspend(() => {
        const key = registrableDomain(probe.domain)
        recent.delete(key)
        recent.set(key, probe)
        const [oldest] = recent.keys()
        if (recent.size > voters && oldest !== undefined) recent.delete(oldest)
        return isOpen && !isOutbreak() && probe.result === "valid" ? tell(undefined) : Effect.void
      }),
    /** Whether the domain must not move down by this probe. */
    holds: (probe: VerifiedProbe): Effect.Effect<boolean> =>
      Effect.map(
        Effect.tap(doubt(probe), (why) => tell(why)),
        (why) => why !== undefined
      )
  }
}

/** Whether two of the zone's own servers say it. */
const hasTwoServers = ({ plan, evidence }: VerifiedProbe): boolean =>
  plan.records.some((record) => {
    const wrong = readingsOf(record, evidence).filter(
      ({ source, verdict }) => source.role === "authoritative" && verdict !== "valid" && verdict !== "indeterminate"
    )
    return new Set(wrong.map(({ source }) => source.server)).size >= 2
  })
