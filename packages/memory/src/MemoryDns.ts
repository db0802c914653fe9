/**
 * A DNS resolver over a table of records, for tests and embedding. It tells NXDOMAIN from NODATA as a name server does,
 * and can be made unavailable for a name or for all of them.
 */
import type { DnsObservation, SourceAnswer } from "@countersign/core"
import { type DnsRecordType, DnsResolver } from "@countersign/engine"
import { Clock, Context, Effect, Layer } from "effect"

/** Whom the resolver seems to ask. */
export interface MemoryDnsOptions {
  /** `authoritative`: each server gives an answer with AA. `resolver`, the default: they are recursive. */
  readonly mode?: DnsObservation["mode"]
  /** The servers that answer, all alike; one by default. */
  readonly servers?: ReadonlyArray<string>
}

/** The records that the resolver answers from, for tests to change. */
export class MemoryDns extends Context.Service<
  MemoryDns,
  {
    /** Replaces the records of the type at the name. No values means that there are none. */
    readonly put: (name: string, type: DnsRecordType, ...values: ReadonlyArray<string>) => Effect.Effect<void>
    /** Removes everything at the name. */
    readonly remove: (name: string) => Effect.Effect<void>
    /** Questions about the name, or all questions, cannot be asked for this reason until `restore`. */
    readonly breakDown: (reason: string, name?: string) => Effect.Effect<void>
    readonly restore: Effect.Effect<void>
    /** Every question asked so far, the oldest first. */
    readonly asked: Effect.Effect<ReadonlyArray<{ readonly name: string; readonly type: DnsRecordType }>>
  }
>()("countersign/memory/MemoryDns") {
  static readonly layerOf = ({
    mode = "resolver",
    servers = ["memory:53"]
  }: MemoryDnsOptions = {}): Layer.Layer<MemoryDns | DnsResolver> =>
    Layer.effectContext(
      Effect.sync(() => {
        const zone = new Map<string, Map<DnsRecordType, ReadonlyArray<string>>>()
        const broken = new Map<string | undefined, string>()
        const questions: Array<{ readonly name: string; readonly type: DnsRecordType }> = []

        const answer = (name: string, type: DnsRecordType): Pick<SourceAnswer, "outcome" | "records" | "reason"> => {
          const reason = broken.get(undefined) ?? broken.get(name)
          if (reason !== undefined) return { outcome: "unavailable", records: [], reason }
          const records = (of: DnsRecordType) =>
            (zone.get(name)?.get(of) ?? []).map((value) => ({ type: of, value, ttl: 0 }))
          // An alias is the answer to a question for any type (RFC 1034, section 3.6.2).
          const own = records(type).length > 0 ? records(type) : records("CNAME")
          if (own.length > 0) return { outcome: "records", records: own }
          // A name above an existing one exists too, without records (RFC 8020, section 2).
          const exists = [...zone.keys()].some((other) => other === name || other.endsWith(`.${name}`))
          return { outcome: exists ? "nodata" : "nxdomain", records: [] }
        }

        const role = mode === "authoritative" ? "authoritative" : "recursive"
        const source = (server: string, said: ReturnType<typeof answer>): SourceAnswer => ({
          server,
          role,
          ...said,
          ...(said.outcome === "nxdomain" || said.outcome === "nodata" ? { negativeTtl: 0 } : {})
        })

        return Context.empty().pipe(
          Context.add(MemoryDns, {
            put: (name, type, ...values) =>
              Effect.sync(() => {
                const records = zone.get(plain(name)) ?? new Map<DnsRecordType, ReadonlyArray<string>>()
                if (values.length === 0) records.delete(type)
                else records.set(type, values.map(type === "TXT" ? printable : plain))
                if (records.size === 0) zone.delete(plain(name))
                else zone.set(plain(name), records)
              }),
            remove: (name) => Effect.sync(() => void zone.delete(plain(name))),
            breakDown: (reason, name) =>
              Effect.sync(() => void broken.set(name === undefined ? undefined : plain(name), reason)),
            restore: Effect.sync(() => broken.clear()),
            asked: Effect.sync(() => [...questions])
          }),
          Context.add(DnsResolver, {
            ask: (name, type) =>
              Effect.map(Clock.currentTimeMillis, (at) => {
                questions.push({ name, type })
                const said = answer(plain(name), type)
                return { name: plain(name), type, mode, at, sources: servers.map((server) => source(server, said)) }
              }),
            mode: Effect.succeed(mode),
            // It keeps no answer.
            firstProbeAfter: 0
          })
        )
      })
    )

  static readonly layer: Layer.Layer<MemoryDns | DnsResolver> = MemoryDns.layerOf()
}

/**
 * Lower-case, without the trailing dot, as the port wants its values. The root stays a dot: "0 ." is the null MX (RFC
 * 7505).
 */
const plain = (name: string): string => name.toLowerCase().replace(/(?<=\S)\.$/, "")

/** Octets outside of printable ASCII are escaped, as the port wants its texts. */
const printable = (text: string): string =>
  Array.from(Buffer.from(text), (octet) =>
    octet >= 32 && octet <= 126 ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, "0")}`
  ).join("")
