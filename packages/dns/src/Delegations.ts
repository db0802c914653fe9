/**
 * Where the servers of a zone are. A recursive resolver is asked for the registrable domain's NS records and for the
 * addresses of name servers; lower zones are learned from referrals. All of it is remembered for a short time only, so
 * that the questions of one probe share it.
 */
import type { SourceAnswer } from "@countersign/core"
import { Cache, Duration, Effect, Exit, Option } from "effect"
import { isAtOrBelow, namesUpwards } from "./DnsName.ts"
import { type Delegation, delegation } from "./ReadAnswer.ts"
import type { Recursives } from "./Recursives.ts"
import { Sources } from "./Sources.ts"

/** What is known about the servers of a domain's zone. */
export type ZoneServers =
  | { readonly _tag: "Known"; readonly delegation: Delegation }
  /** The resolvers say that there is no such domain, and so nothing below it (RFC 8020). */
  | { readonly _tag: "NoDomain"; readonly sources: ReadonlyArray<SourceAnswer> }
  | { readonly _tag: "Unknown"; readonly sources: ReadonlyArray<SourceAnswer> }

/** Finds servers. */
export interface Delegations {
  /** The lowest zone that is known at or above the name, from the registrable domain down. */
  readonly nearest: (name: string, registrable: string) => Effect.Effect<ZoneServers>
  readonly learn: (delegation: Delegation) => Effect.Effect<void>
  readonly addresses: (host: string, type: "A" | "AAAA") => Effect.Effect<ReadonlyArray<string>>
}

const rememberedZones = 1_000
const rememberedHosts = 1_000
/** The domain that a list of suffixes takes for registrable may lie below the zone: then the zone is named. */
const mostClimbs = 3

export const makeDelegations = Effect.fnUntraced(function* (
  recursives: Recursives,
  remember: Duration.Duration
): Effect.fn.Return<Delegations> {
  const lasting = (ttl: number) => Duration.min(Duration.seconds(ttl), remember)
  // The questions of one probe share a failure.
  const failing = lasting(1)

  const lookUp = Effect.fnUntraced(function* (domain: string): Effect.fn.Return<ZoneServers> {
    let zone = domain
    for (let climbs = 0; ; climbs++) {
      const sources = new Sources("recursive")
      const answer = yield* recursives.lookUp({ name: zone, type: "NS" }, sources, ({ records }) =>
        records.some(({ type }) => type === "NS")
      )
      const servers = answer?.records.filter(({ type }) => type === "NS") ?? []
      if (servers.length > 0) return { _tag: "Known", delegation: delegation(zone, servers, [], "") }
      if (answer?.outcome === "nxdomain") {
        // Who could not be asked is shown too: one that lies must not stand for all.
        return {
          _tag: "NoDomain",
          sources: sources.list.filter(({ outcome }) => ["nxdomain", "unavailable"].includes(outcome))
        }
      }
      const above = answer?.outcome === "nodata" ? answer.zone : undefined
      if (above === undefined || above === zone || above === "" || climbs === mostClimbs) {
        return { _tag: "Unknown", sources: sources.list.filter(({ outcome }) => outcome === "unavailable") }
      }
      zone = above
    }
  })

  const zones = yield* Cache.makeWith(lookUp, {
    capacity: rememberedZones,
    timeToLive: (exit) =>
      Exit.isSuccess(exit) && exit.value._tag === "Known" ? lasting(exit.value.delegation.ttl) : failing
  })

  const hosts = yield* Cache.makeWith(
    Effect.fnUntraced(function* (key: string) {
      const [type, host = ""] = key.split(" ")
      const question = { name: host, type: type === "A" ? "A" : "AAAA" } as const
      // A name server has an address. Who denies that lies, or knows an old no; but few have one of IPv6.
      const answer = yield* recursives.lookUp(
        question,
        new Sources("recursive"),
        ({ outcome, records }) => records.length > 0 || (type === "AAAA" && outcome === "nodata")
      )
      return answer?.records.filter((record) => record.type === type) ?? []
    }),
    {
      capacity: rememberedHosts,
      timeToLive: (exit) =>
        Exit.isSuccess(exit) && exit.value.length > 0
          ? lasting(Math.min(...exit.value.map(({ ttl }) => ttl ?? 0)))
          : failing
    }
  )

  return {
    nearest: Effect.fnUntraced(function* (name, registrable) {
      for (const zone of namesUpwards(name)) {
        if (zone === registrable || !isAtOrBelow(zone, registrable)) break
        const known = yield* Cache.getOption(zones, zone)
        if (Option.isSome(known)) return known.value
      }
      return yield* Cache.get(zones, registrable)
    }),
    learn: (lower) => Cache.set(zones, lower.zone, { _tag: "Known", delegation: lower }),
    addresses: (host, type) =>
      Effect.map(Cache.get(hosts, `${type} ${host}`), (records) => records.map(({ value }) => value))
  }
})
