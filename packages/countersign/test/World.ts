/**
 * A Countersign of tests over any storage, with what `createCountersign` hides: the ports, and time.
 */
import { MemoryDns, MemoryMailer } from "@countersign/memory"
import { type Duration, Effect, Layer, ManagedRuntime } from "effect"
import { TestClock } from "effect/testing"
import { isSenderFailure, makeAsyncSenders, type SenderFailure } from "../src/AsyncSenders.ts"
import { layerOf } from "../src/createCountersign.ts"
import type { Storage } from "../src/Options.ts"

/** A wake-up takes the workers a few turns of the scheduler. */
const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

const outside = Layer.mergeAll(MemoryMailer.layer, MemoryDns.layer, TestClock.layer())

const layerOver = (storage: Storage) =>
  layerOf({
    publicUrl: "https://countersign.test",
    secret: "a secret of the tests of 32 characters",
    dkimZone: "dkim.countersign.net",
    dkimKeys: "elsewhere",
    storage,
    mail: { layer: outside },
    dns: { layer: outside },
    logLevel: "None"
  }).pipe(Layer.provideMerge(outside))

export const makeWorld = async (storage: Storage) => {
  const runtime = ManagedRuntime.make(layerOver(storage))
  const context = await runtime.context()
  const { accepted } = await runtime.runPromise(Effect.map(MemoryMailer, (mailer) => mailer))
  const senders = makeAsyncSenders(context)
  return {
    senders,
    run: runtime.runPromise,
    advance: (time: Duration.Input) =>
      runtime.runPromise(Effect.andThen(settle, Effect.andThen(TestClock.adjust(time), settle))),
    /** The token of the newest mail to an address. */
    tokenTo: async (address: string) => {
      const mail = (await runtime.runPromise(accepted)).findLast(({ to }) => to === address)
      return /\/verify\/(\S+)/.exec(mail?.text ?? "")?.[1] ?? `there is no mail to ${address}`
    },
    publish: async (account: string, id: string) => {
      const { plan } = await senders.get({ account, id })
      for (const { name, type, value } of plan.records) {
        await runtime.runPromise(MemoryDns.use((dns) => dns.put(name, type, value)))
      }
    },
    close: () => runtime.dispose()
  }
}

export type World = Awaited<ReturnType<typeof makeWorld>>

/** What a call was refused with. A fault, and an answer, are none. */
export const refusalOf = (call: () => Promise<unknown>): Promise<SenderFailure> =>
  call().then(
    (answer) => {
      throw new Error(`it was not refused, but answered ${JSON.stringify(answer)}`)
    },
    (error: unknown) => {
      if (isSenderFailure(error)) return error
      throw error
    }
  )
