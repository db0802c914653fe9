/**
 * A DNS resolver over a table of records, for tests and embedding. It tells NXDOMAIN from NODATA as a name server does,
 * and can be made unavailable for a name or for all of them.
 */
import { type DnsAnswer, type DnsRecordType, DnsResolver } from "@countersign/engine"
import { Context, Effect, Layer } from "effect"

const servers = ["memory:53"]

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
  static readonly layer: Layer.Layer<MemoryDns | DnsResolver> = Layer.effectContext(
    Effect.sync(() => {
      const zone = new Map<string, Map<DnsRecordType, ReadonlyArray<string>>>()
      const broken = new Map<string | undefined, string>()
      const questions: Array<{ readonly name: string; readonly type: DnsRecordType }> = []

      const answer = (name: string, type: DnsRecordType): DnsAnswer => {
        const reason = broken.get(undefined) ?? broken.get(name)
        if (reason !== undefined) return { _tag: "Unavailable", reason, servers }
        const values = zone.get(name)?.get(type) ?? []
        if (values.length > 0) return { _tag: "Records", values, servers }
        // A name above an existing one exists too, without records (RFC 8020, section 2).
        const exists = [...zone.keys()].some((other) => other === name || other.endsWith(`.${name}`))
        return { _tag: exists ? "NoData" : "NoName", servers }
      }

      return Context.empty().pipe(
        Context.add(MemoryDns, {
          put: (name, type, ...values) =>
            Effect.sync(() => {
              const records = zone.get(plain(name)) ?? new Map<DnsRecordType, ReadonlyArray<string>>()
              if (values.length === 0) records.delete(type)
              else records.set(type, type === "TXT" ? values : values.map(plain))
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
          query: (name, type) =>
            Effect.sync(() => {
              questions.push({ name, type })
              return answer(plain(name), type)
            })
        })
      )
    })
  )
}

/**
 * Lower-case, without the trailing dot, as the port wants its values. The root stays a dot: "0 ." is the null MX (RFC
 * 7505).
 */
const plain = (name: string): string => name.toLowerCase().replace(/(?<=\S)\.$/, "")
