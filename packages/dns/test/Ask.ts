/**
 * Asking the system's resolver, built for one question, and sandbox servers that have closed.
 */
import { SystemResolver, type SystemResolverOptions } from "@countersign/dns"
import { type DnsRecordType, DnsResolver } from "@countersign/engine"
import { DnsServer } from "@countersign/sandbox"
import { Effect } from "effect"

/** For servers that never answer. */
export const hasty = { timeout: "300 millis", tries: 1 } as const

/** One question through a new resolver, which is patient with a busy machine unless told. */
export const ask = (options: SystemResolverOptions, name: string, type: DnsRecordType = "CNAME") =>
  DnsResolver.use((resolver) => resolver.ask(name, type)).pipe(
    Effect.provide(SystemResolver.layer({ timeout: "5 seconds", tries: 1, ...options }))
  )

/** What each server said, in short: its outcome, and the values of its records or the reason why there are none. */
export const said = (...question: Parameters<typeof ask>) =>
  Effect.map(ask(...question), ({ sources }) =>
    sources.map(({ outcome, reason, records, server }) => [
      server,
      outcome,
      reason ?? records.map(({ value }) => value)
    ])
  )

/** The address of a server that is gone. */
export const deadServer = Effect.gen(function* () {
  const server = yield* DnsServer.make()
  yield* server.close
  return server.address
})
