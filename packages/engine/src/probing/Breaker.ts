/**
 * The breaker: before a domain moves down, is it the domain that is wrong, or the DNS as this process sees it?
 *
 * Nobody moves down while it holds; the operator is told once when that begins and once when it ends, and it ends by
 * itself. It holds while a fifth of the verified domains that were probed last are suddenly wrong, while a verified
 * domain of somebody else is not found right in the same moment, and while the operator's own zone does not answer.
 */
import {
  type AccountId,
  countsAgainst,
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
  readonly at: number
  readonly evidence: ReadonlyArray<DnsObservation>
  readonly result: ProbeResult
}

/** So many of the registrable domains probed last have a vote, one an account. */
const voters = 50
/** This share of the accounts, and at least so many of them, hold everything. */
const holding = { share: 0.2, accounts: 3 } as const
/** So many other domains are compared with. */
const controls = 3
/** A verified domain is probed daily: one that was not for so long is verified no more, in milliseconds. */
const forgottenAfter = 48 * 60 * 60 * 1_000
/** How often it is looked whether a doubt is over, in milliseconds. */
const recheckAfter = 15 * 60 * 1_000

const state = Metric.gauge("countersign_breaker_open", {
  description: "1 while nobody moves down because the DNS as a whole is in doubt."
})

export const makeBreaker = (resolver: DnsResolver["Service"]) => {
  /** The verified registrable domains probed last, the newest at the end. */
  const recent = new Map<string, VerifiedProbe>()
  const zonesThatAnswered = new Set<string>()
  /** The probe that was held last, and when the doubt was last looked at. */
  let doubted: { readonly probe: VerifiedProbe; readonly at: number } | undefined

  const note = (probe: VerifiedProbe) => {
    const key = registrableDomain(probe.domain)
    recent.delete(key)
    recent.set(key, probe)
    for (const [of, { at }] of recent) {
      if (recent.size > voters || probe.at - at > forgottenAfter) recent.delete(of)
    }
  }

  /** Too many accounts are wrong at once. */
  const isOutbreak = (): boolean => {
    const accounts = [...Map.groupBy(recent.values(), ({ account }) => account).values()]
    const wrong = accounts.filter((probes) => probes.some(isWrong)).length
    return wrong >= holding.accounts && wrong >= accounts.length * holding.share
  }

  /** Other domains that are verified: those last seen right first, and among them other accounts' first. */
  const others = ({ account, domain }: VerifiedProbe): ReadonlyArray<VerifiedProbe> => {
    const rank = (other: VerifiedProbe) => Number(other.result !== "valid") * 2 + Number(other.account === account)
    return [...recent.values()]
      .filter((other) => other.result !== "negative" && registrableDomain(other.domain) !== registrableDomain(domain))
      .reverse()
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, controls)
  }

  const zoneAnswers = Effect.fnUntraced(function* (zone: string) {
    const { sources } = yield* resolver.ask(zone, "SOA", { domain: zone })
    const answers = sources.some(({ outcome }) => outcome !== "unavailable")
    // Nothing need stand at the name itself; but once it was there, a domain that ran out is not.
    const isThere = sources.some(({ outcome }) => outcome === "records" || outcome === "nodata")
    if (isThere) zonesThatAnswered.add(zone)
    return { answers, isThere }
  })

  const isSeenRight = Effect.fnUntraced(function* (other: VerifiedProbe) {
    const { domain, plan } = other
    const evidence = yield* probePlan(resolver, plan, domain, { verified: true })
    const result = probeResult(judgePlan(plan.records, evidence))
    // One that is wrong itself proves nothing the next time.
    if (result === "negative") recent.set(registrableDomain(domain), { ...other, evidence, result })
    return result === "valid"
  })

  /** A lost answer is no doubt: what cannot be seen is looked for again. */
  const doubt = Effect.fnUntraced(function* (probe: VerifiedProbe): Effect.fn.Return<string | undefined> {
    if (isOutbreak()) return "too many verified domains are wrong at once"
    let why: string | undefined
    for (let tries = 0; tries < 3; tries++) {
      why = yield* doubtOnce(probe)
      if (why === undefined) return undefined
    }
    return why
  })

  const doubtOnce = Effect.fnUntraced(function* (probe: VerifiedProbe): Effect.fn.Return<string | undefined> {
    const { zone } = probe.plan
    const didAnswer = zonesThatAnswered.has(zone)
    const { answers, isThere } = yield* zoneAnswers(zone)
    if (didAnswer && !isThere) return `the zone ${zone} does not answer`
    const candidates = others(probe)
    if (candidates.length === 0) {
      return answers || hasTwoServers(probe) ? undefined : "there is nothing to compare a wrong domain with"
    }
    for (const other of candidates) if (yield* isSeenRight(other)) return undefined
    return "no other verified domain can be seen right either"
  })

  /** Looks whether there is a doubt, and tells when one begins and when it ends. */
  const judge = Effect.fnUntraced(function* (probe: VerifiedProbe, at: number) {
    const why = yield* doubt(probe)
    const was = doubted !== undefined
    doubted = why === undefined ? undefined : { probe, at }
    if (was !== (why !== undefined)) {
      yield* Metric.update(state, why === undefined ? 0 : 1)
      yield* why === undefined
        ? Effect.logInfo("domains may move down again: the DNS is no longer in doubt")
        : Effect.logError(`no domain moves down for now: ${why}`)
    }
    return why !== undefined
  })

  return {
    /** Notes what a probe of a verified domain came to. While it holds, looks now and then whether it still must. */
    saw: (probe: VerifiedProbe): Effect.Effect<unknown> =>
      Effect.suspend(() => {
        note(probe)
        return doubted !== undefined && probe.at - doubted.at >= recheckAfter
          ? judge(doubted.probe, probe.at)
          : Effect.void
      }),
    /** Whether the domain must not move down by this probe. */
    holds: (probe: VerifiedProbe): Effect.Effect<boolean> => judge(probe, probe.at)
  }
}

/** Whether it could move the domain down. What a single source denies, and nobody confirms, is no outbreak. */
const isWrong = ({ at, evidence, plan: { records }, result }: VerifiedProbe): boolean =>
  result === "negative" && countsAgainst(records, { at, evidence }, undefined)

/** Whether two of the zone's own servers say it. */
const hasTwoServers = ({ plan, evidence }: VerifiedProbe): boolean =>
  plan.records.some((record) => {
    const wrong = readingsOf(record, evidence).filter(
      ({ source, verdict }) => source.role === "authoritative" && verdict !== "valid" && verdict !== "indeterminate"
    )
    return new Set(wrong.map(({ source }) => source.server)).size >= 2
  })
