/**
 * Asking a wire resolver over an internet of tests, in process and under virtual time.
 */
import { WireResolver, type WireResolverOptions } from "@countersign/dns"
import { type DnsQuestionOptions, type DnsRecordType, DnsResolver } from "@countersign/engine"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type Internet, resolver } from "./Internet.ts"

/** Runs it with a resolver of its own. */
export const withResolver = <A, E>(
  net: Internet,
  options: WireResolverOptions,
  use: Effect.Effect<A, E, DnsResolver>
): Effect.Effect<A, E> =>
  Effect.scoped(
    Effect.provide(use, WireResolver.layerTransport({ servers: [resolver], ...options })).pipe(
      Effect.provide(net.layer),
      Effect.catchTag("NameServerInvalid", Effect.die)
    )
  ) as Effect.Effect<A, E>

/** One question; time passes as fast as it is waited for. */
export const ask = (name: string, type: DnsRecordType = "CNAME", settings: DnsQuestionOptions = {}) =>
  Effect.gen(function* () {
    const { ask } = yield* DnsResolver
    const asking = yield* Effect.forkChild(ask(name, type, settings), { startImmediately: true })
    for (let ticks = 0; ticks < 200 && asking.pollUnsafe() === undefined; ticks++) {
      yield* TestClock.adjust("100 millis")
    }
    return yield* Fiber.join(asking)
  })
