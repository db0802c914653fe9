/**
 * Asks a name's own servers: from the registrable domain down along referrals to the zone that the name is in, and
 * there two servers at different addresses. It ends: each referral leads further down, and for no zone more than a few
 * servers are looked up or asked, however many it names.
 */
import { Deferred, Effect, Random } from "effect"
import type { Delegations, ZoneServers } from "./Delegations.ts"
import type { Question } from "./DnsMessage.ts"
import { shownName } from "./DnsName.ts"
import { isPublicAddress } from "./PublicAddress.ts"
import { type Delegation, nothing, type Referral } from "./ReadAnswer.ts"
import type { ServerAsker } from "./ServerQuestion.ts"
import { Sources } from "./Sources.ts"

/** What a walk came to, so far: it may be cut short. */
export class Walk {
  readonly sources = new Sources("authoritative")
  /** The lowest zone that was reached. */
  zone: string | undefined
  /** Why no server of the domain could be found. */
  noServers: Exclude<ZoneServers, { readonly _tag: "Known" }> | undefined
  /** Whether all name servers have addresses of private networks. */
  isPrivate = false
  /** Whether a server answered us itself. */
  isDirect = false
  /** Whether a server was out of reach, or a resolver in between answered in its place. */
  isCut = false
  /** Whether a server answered uselessly, which tells nothing about the way to it. */
  isUseless = false
}

export interface WalkOptions {
  readonly asker: ServerAsker
  readonly delegations: Delegations
  readonly allowPrivate: boolean
}

const wantedAnswers = 2
const mostReferrals = 16
/** A zone may name thousands of servers to make us ask for all of them (NXNS). */
const mostLookUps = 6
const port = 53

/** Walks from the registrable domain down; what it finds is in the walk. */
export const walkDown = Effect.fnUntraced(function* (
  options: WalkOptions,
  question: Question,
  registrable: string,
  walk: Walk
) {
  const servers = yield* options.delegations.nearest(question.name, registrable)
  if (servers._tag !== "Known") {
    walk.noServers = servers
    return
  }
  let next: Delegation | undefined = servers.delegation
  for (let referrals = 0; next !== undefined; referrals++) {
    walk.zone = next.zone
    // Who failed further up says nothing about the zone that the name is in.
    walk.sources.keepAnswered()
    const lower: Referral | undefined = yield* askZone(options, question, next, walk)
    if (lower !== undefined) yield* options.delegations.learn(lower)
    next = referrals < mostReferrals ? lower : undefined
  }
})

/** Asks the zone's servers. Answers the first referral, without waiting for the other servers. */
const askZone = Effect.fnUntraced(function* (
  options: WalkOptions,
  question: Question,
  { glue, hosts, zone }: Delegation,
  walk: Walk
): Effect.fn.Return<Referral | undefined> {
  const { allowPrivate, asker, delegations } = options
  const isReachable = (address: string) => Effect.map(asker.isUnreachable(address), (is) => !is)
  const referred = yield* Deferred.make<void>()
  let lower: Referral | undefined
  const found = new Map(hosts.map((host) => [host, [...(glue.get(host) ?? [])]]))
  const order = yield* Random.shuffle(hosts)
  const types = yield* Effect.filter(["A", "AAAA"] as const, (type) => isReachable(type === "A" ? "0.0.0.0" : "::"))
  // Glue may be old: those who have some are looked up last.
  const unknown = order.toSorted((one, other) => (found.get(one)?.length ?? 0) - (found.get(other)?.length ?? 0))
  const lookUps = types.flatMap((type) => unknown.map((host) => ({ host, type }))).slice(0, mostLookUps)

  /** Addresses that can be asked and were not: one of each server first. */
  const fresh = Effect.gen(function* () {
    const perHost = order.map((host) =>
      (found.get(host) ?? []).filter((address) => allowPrivate || isPublicAddress(address))
    )
    const longest = Math.max(0, ...perHost.map(({ length }) => length))
    const turns = Array.from({ length: longest }, (_, turn) =>
      perHost.flatMap((addresses) => addresses.slice(turn, turn + 1))
    )
    const addresses = [...new Set(turns.flat())].filter((address) => !walk.sources.has(serverAt(address)))
    return yield* Effect.filter(addresses, isReachable)
  })

  const next = Effect.fnUntraced(function* (count: number) {
    let addresses = yield* fresh
    while (addresses.length < count && lookUps.length > 0) {
      const batch = lookUps.splice(0, count - addresses.length)
      yield* Effect.forEach(
        batch,
        ({ host, type }) =>
          Effect.map(delegations.addresses(host, type), (more) => void found.get(host)?.push(...more)),
        { concurrency: "unbounded" }
      )
      addresses = yield* fresh
    }
    return addresses.slice(0, count).map(serverAt)
  })

  const ask = Effect.fnUntraced(function* (server: string) {
    const reading = yield* asker.ask({ ...question, server, role: "authoritative", zone })
    if (reading._tag === "Referral") {
      lower ??= reading
      yield* Deferred.succeed(referred, undefined)
    }
    if (reading._tag === "Nothing") {
      walk.isCut ||= reading.kind === "silent"
      walk.isUseless ||= reading.kind !== "silent"
    } else if (reading._tag === "Answer" && reading.role === "recursive") {
      walk.isCut = true
    } else {
      walk.isDirect = true
      walk.zone = reading.zone ?? walk.zone
    }
    return reading
  })

  yield* Effect.raceFirst(walk.sources.askUntil(wantedAnswers, next, ask), Deferred.await(referred))
  if (lower !== undefined || walk.sources.list.length > 0) return lower
  const addresses = [...found.values()].flat()
  walk.isPrivate = addresses.length > 0 && !addresses.some(isPublicAddress)
  const server = addresses[0] === undefined ? `${shownName(hosts[0] ?? zone)}:${port}` : serverAt(addresses[0])
  walk.sources.note(server, nothing(walk.isPrivate ? "the name servers have private addresses" : noAddress, "unasked"))
  return undefined
})

const noAddress = "the name servers have no address that can be asked"

const serverAt = (address: string): string => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`)
