/**
 * A zone over time: every change is a version with a serial number of its own, and each of the zone's servers shows a
 * version only when it has got there.
 */
import type { DnsRecord, DnsRecordRefused, PutOptions } from "@countersign/sandbox"
import { DnsZone, normalName, type ZoneApex } from "@countersign/sandbox/dns"
import { Clock, Duration, Effect, Result } from "effect"

/** One of a zone's servers. */
export interface SimulatedZoneServer {
  readonly name: string
  /** Such as `198.51.100.1`. */
  readonly address: string
  /** How long a change takes to get there; none by default. */
  readonly delay?: Duration.Input
}

/** How a zone is made. */
export interface SimulatedZoneOptions {
  readonly name: string
  readonly servers: ReadonlyArray<SimulatedZoneServer>
  /** Seconds, 3600 by default, as `minimum`. The lesser of both is how long a cache keeps a no. */
  readonly soaTtl?: number
  readonly minimum?: number
  /** Whether the zone above leads to these servers, `true` by default: otherwise only who knows them asks them. */
  readonly delegated?: boolean
  /** Its signatures are wrong: a resolver answers SERVFAIL, unless it is asked not to check. */
  readonly bogus?: boolean
}

interface Version {
  readonly at: number
  readonly records: DnsZone.DnsZone
}

/** A zone whose records change. */
export class SimulatedZone implements ZoneApex {
  readonly apex: string
  readonly soaTtl: number
  readonly minimum: number
  readonly delegates = true
  readonly isDelegated: boolean
  readonly servers: ReadonlyArray<SimulatedZoneServer>
  /** Whether its signatures are wrong now. */
  bogus: boolean
  readonly #versions: Array<Version> = [{ at: Number.NEGATIVE_INFINITY, records: DnsZone.empty }]

  constructor({ bogus = false, delegated = true, minimum = 3600, name, servers, soaTtl = 3600 }: SimulatedZoneOptions) {
    this.apex = normalName(name)
    this.soaTtl = soaTtl
    this.minimum = minimum
    this.isDelegated = delegated
    this.servers = servers
    this.bogus = bogus
  }

  /** The zone as it is at its provider now. */
  get records(): DnsZone.DnsZone {
    return this.#versions.at(-1)?.records ?? DnsZone.empty
  }

  /** The records of a name, of all types. */
  at(name: string): ReadonlyArray<DnsRecord> {
    return [...(this.records.get(normalName(name))?.values() ?? [])].flat()
  }

  /** Replaces the records of this name and type; without values they are taken away. Their TTL is 300 by default. */
  readonly put = (
    name: string,
    type: string,
    values: string | ReadonlyArray<string>,
    options: PutOptions = {}
  ): Effect.Effect<void, DnsRecordRefused> =>
    Effect.gen({ self: this }, function* () {
      const list = typeof values === "string" ? [values] : values
      const records = yield* Effect.fromResult(DnsZone.put(this.records, name, type, list, { ttl: 300, ...options }))
      this.#versions.push({ at: yield* Clock.currentTimeMillis, records })
    })

  /** Records that have always been there. Throws when the zone does not take them. */
  always(name: string, type: string, values: ReadonlyArray<string>, options: PutOptions = {}): void {
    for (const [index, { at, records }] of this.#versions.entries()) {
      const next = Result.getOrThrow(DnsZone.put(records, name, type, values, { ttl: 3600, ...options }))
      this.#versions[index] = { at, records: next }
    }
  }

  /** What the server at this address shows at a time: the last version that has got there, and its serial number. */
  shown(address: string, at: number): { readonly records: DnsZone.DnsZone; readonly serial: number } {
    const delay = Duration.toMillis(this.servers.find((server) => server.address === address)?.delay ?? 0)
    const index = this.#versions.findLastIndex((version) => version.at + delay <= at)
    return { records: this.#versions[index]?.records ?? DnsZone.empty, serial: index + 1 }
  }
}
