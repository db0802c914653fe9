/**
 * A resolver whose sources say what the test wants, each for itself: two of a zone's own servers and one recursive
 * resolver, unless the test says otherwise.
 */
import type { DnsObservation, DnsRecordType, SourceAnswer } from "@countersign/core"
import { DnsResolver } from "@countersign/engine"
import { Clock, Context, Effect, Layer } from "effect"

export type Said = Partial<SourceAnswer> & Pick<SourceAnswer, "outcome">

/** Which of the sources says it; all of them when absent. */
export type Who = "first" | "second" | "resolver"

interface World {
  mode: DnsObservation["mode"]
  /** What is said about a name and a type, or about every type of a name; the last one that fits counts. */
  said: Array<{ readonly name: string; readonly type?: DnsRecordType; readonly who?: Who; readonly said: Said }>
  readonly asked: Array<{ readonly at: number; readonly name: string; readonly type: DnsRecordType }>
}

const sources: ReadonlyArray<readonly [Who, string]> = [
  ["first", "192.0.2.53:53"],
  ["second", "198.51.100.53:53"],
  ["resolver", "9.9.9.9:53"]
]

export const records = (type: string, ...values: ReadonlyArray<string>): Said => ({
  outcome: "records",
  records: values.map((value) => ({ type, value, ttl: 300 }))
})
export const missing: Said = { outcome: "nxdomain", negativeTtl: 300 }
export const servfail: Said = { outcome: "unavailable", reason: "SERVFAIL" }

export class ScriptedDns extends Context.Service<ScriptedDns, World>()("test/ScriptedDns") {
  /** In the mode `authoritative`; what nobody spoke of is missing. */
  static readonly layer = Layer.effectContext(
    Effect.sync(() => {
      const world: World = { mode: "authoritative", said: [], asked: [] }
      const fits = (pattern: string, name: string) =>
        pattern.startsWith("*") ? name.endsWith(pattern.slice(1)) : pattern === name
      const answer = (name: string, type: DnsRecordType, who: Who): Said =>
        world.said.findLast(
          (one) =>
            fits(one.name, name) &&
            (one.type === undefined || one.type === type) &&
            (one.who === undefined || one.who === who)
        )?.said ??
        // A name above an existing one exists too (RFC 8020, section 2).
        (world.said.some((one) => one.said.outcome === "records" && one.name.endsWith(`.${name}`))
          ? { outcome: "nodata", negativeTtl: 300 }
          : missing)
      const ask: DnsResolver["Service"]["ask"] = (name, type) =>
        Effect.map(Clock.currentTimeMillis, (at): DnsObservation => {
          world.asked.push({ at, name, type })
          const asked = sources.filter(([who]) => (who === "resolver") === (world.mode === "resolver"))
          const answers = asked.map(
            ([who, server]): SourceAnswer => ({
              ...{ server, role: who === "resolver" ? "recursive" : "authoritative", records: [] },
              ...answer(name, type, who)
            })
          )
          return { name, type, mode: world.mode, at, sources: answers }
        })
      return Context.empty().pipe(
        Context.add(ScriptedDns, world),
        Context.add(DnsResolver, { ask, mode: Effect.sync(() => world.mode), firstProbeAfter: 30_000 })
      )
    })
  )
}

/** Every source says it from now on. `*.example.com` is every name below it. */
export const say = (name: string, said: Said, only: { readonly type?: DnsRecordType; readonly who?: Who } = {}) =>
  Effect.map(ScriptedDns, (world) => {
    world.said = [
      ...world.said.filter((one) => one.name !== name || one.type !== only.type || one.who !== only.who),
      { name, said, ...only }
    ]
  })
