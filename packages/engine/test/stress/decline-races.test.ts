/**
 * A decline, taken back and said again, in a race with whatever sends mail to the mailbox, in one process. What is true
 * of several processes is in the server's tests.
 */
import { Engine, liftDecline, Senders } from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { long, type Sending, seed, watchMail } from "@countersign/testkit"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Random } from "effect"
import { adaptersOver, createAccount, mails, pass, tokenOf, workers } from "../World.ts"

/** From when to when something was done, by a count that goes up with whatever happens. */
interface Span {
  readonly from: number
  readonly to: number
}

class Watch extends Context.Service<Watch, { readonly tick: () => number; readonly sendings: Array<Sending> }>()(
  "Watch"
) {}

const watched = Layer.unwrap(
  Effect.sync(() => {
    let ticks = 0
    const tick = () => ++ticks
    const sendings: Array<Sending> = []
    const adapters = adaptersOver(MemoryStorage.layer, MemoryMailer.layer, MemoryDns.layer)
    const watching = watchMail(adapters, tick, (sending) => sendings.push(sending))
    const engine = Layer.provideMerge(Engine.layer, watching)
    return Layer.merge(Layer.provideMerge(workers, engine), Layer.succeed(Watch, { tick, sendings }))
  })
)

const organization = (name: string) => ({ _tag: "Organization", organization: name }) as const

const rounds = long ? 1_000 : 50

it.effect(
  `in ${rounds} rounds no mail is sent whose last look at the mailbox began after a decline was acknowledged`,
  () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const { tick, sendings } = yield* Watch
      let [sent, kept] = [0, 0]
      for (let round = 0; round < rounds; round++) {
        const caller = yield* createAccount(`owner${round}@acme.com`)
        const address = `a${round}@acme.com`
        const tokens: Array<string> = []
        for (const name of ["one", "two"]) {
          yield* senders.add({ ...caller, owner: organization(name), address })
          yield* pass("1 second")
          tokens.push(tokenOf((yield* mails).at(-1)))
        }
        yield* pass("1 hour")
        const begun = sendings.length
        const declines: Array<Span> = []
        const lifts: Array<Span> = []
        const spanOf = Effect.fnUntraced(function* <A, E, R>(spans: Array<Span>, call: Effect.Effect<A, E, R>) {
          const from = tick()
          if ((yield* Effect.exit(call))._tag === "Success") spans.push({ from, to: tick() })
        })
        const list = yield* senders.list({ account: caller.account, order: "oldest-first", offset: 0, limit: 2 })
        const lift = liftDecline({ account: caller.account, address, by: "test" })
        const acts = [
          ...tokens.map((token) => spanOf(declines, senders.decline({ token }))),
          ...list.map(({ id }) => Effect.ignore(senders.resend({ ...caller, id }))),
          ...["three", "four", "five"].map((name) => senders.add({ ...caller, owner: organization(name), address })),
          ...(round % 2 === 0 ? [spanOf(lifts, lift)] : [])
        ]
        // Each begins after some turns of the scheduler, in which the workers go on.
        const begin = Effect.fnUntraced(function* <A, E, R>(act: Effect.Effect<A, E, R>) {
          yield* Effect.repeat(Effect.yieldNow, { times: yield* Random.nextIntBetween(0, 60) })
          return yield* act
        })
        const racing = yield* Effect.forEach(acts, (act) => Effect.forkChild(begin(act)))
        yield* Effect.forEach(racing, (fiber) => Fiber.join(fiber))
        yield* pass("10 minutes")

        const mailed = sendings.slice(begun)
        sent += mailed.length
        kept += 5 - mailed.length
        for (const { looked = Number.POSITIVE_INFINITY, messageId } of mailed) {
          for (const decline of declines) {
            const liftedSince = lifts.some((lift) => lift.to > decline.from && lift.from < looked)
            assert.isFalse(
              decline.to < looked && !liftedSince,
              `round ${round}: ${messageId} was sent, looked at ${looked}`
            )
          }
        }
      }
      console.info(
        `declines in one process: ${rounds} rounds, seed ${seed}: ${sent} mails were sent, ${kept} kept back`
      )
      assert.isAbove(Math.min(sent, kept), rounds / 4)
    }).pipe(Effect.provide(watched), Random.withSeed(`${seed}`)),
  600_000
)
