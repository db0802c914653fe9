/**
 * Countersign for the tests of a service: everything in memory, and time that passes when the test says so.
 */
import { type DnsRecordType, type MailMessage, SlowPoll } from "@countersign/engine"
import { MemoryDns, MemoryMailer } from "@countersign/memory"
import { Context, type Duration, Effect, Layer, ManagedRuntime } from "effect"
import { TestClock } from "effect/testing"
import { type Countersign, makeCountersign } from "./Countersign.ts"
import { type CountersignOptions, layerOf } from "./createCountersign.ts"
import { memory } from "./memory.ts"

/** A mail that was sent; `link` is the first link in it. */
export interface SentMail extends MailMessage {
  readonly link: string | undefined
}

export interface TestCountersign extends Countersign {
  /** The mails that were sent, the oldest first. */
  readonly mails: () => Promise<ReadonlyArray<SentMail>>
  readonly dns: {
    /** Replaces the records of the type at the name. */
    readonly put: (name: string, type: DnsRecordType, ...values: ReadonlyArray<string>) => Promise<void>
    /** Removes everything at the name. */
    readonly remove: (name: string) => Promise<void>
    /** Publishes the records that a sender's domain needs, and with `dkimKeys: "here"` your own behind them. */
    readonly publish: (sender: { readonly account: string; readonly id: string }) => Promise<void>
  }
  /** Lets time pass, for example `"1 hour"`, and the workers do what is due until then. */
  readonly advance: (time: Duration.Input) => Promise<void>
}

const defaults = {
  publicUrl: "https://countersign.test",
  secret: "a secret that is only for tests: 32 characters",
  dkimZone: "dkim.countersign.net",
  // What a test provokes is no news.
  logLevel: "None",
  // To make keys takes longer than most tests.
  dkimKeys: "elsewhere"
} as const satisfies Partial<CountersignOptions>

/** A Countersign of a test. It starts at the beginning of 2030, in UTC. */
export const makeTestCountersign = async (
  options: Partial<Omit<CountersignOptions, "storage" | "mail" | "dns">> = {}
): Promise<TestCountersign> => {
  const surroundings = ManagedRuntime.make(
    Layer.mergeAll(MemoryMailer.layer, MemoryDns.layer, TestClock.layer(), Layer.succeed(SlowPoll, 60 * 60 * 1_000))
  )
  const { dkimKeys } = { ...defaults, ...options }
  const context = await surroundings.context()
  await surroundings.runPromise(TestClock.setTime(Date.UTC(2030, 0, 1)))
  const outside = { layer: Layer.succeedContext(context) }
  const layer = layerOf({ ...defaults, ...options, storage: memory(), mail: outside, dns: outside })
  const countersign = await makeCountersign(Layer.provideMerge(layer, outside.layer))

  const run = Effect.runPromiseWith(context)
  const { accepted } = Context.get(context, MemoryMailer)
  const { put, remove } = Context.get(context, MemoryDns)
  return {
    ...countersign,
    mails: () => run(Effect.map(accepted, (mails) => mails.map((mail) => ({ ...mail, link: firstLink(mail.text) })))),
    dns: {
      put: (name, type, ...values) => run(put(name, type, ...values)),
      remove: (name) => run(remove(name)),
      publish: async ({ account, id }) => {
        const { plan } = await countersign.senders.get({ account, id })
        for (const { name, type, value } of plan.records) await run(put(name, type, value))
        if (dkimKeys === "elsewhere") return
        for (const { slot, name, type, value } of await countersign.keyRecords()) {
          // The name that the care for the keys looks at, and the customer's: this DNS knows no wildcards.
          const names = [name.replace("*", "countersign"), plan.records[slot - 1]?.value ?? name]
          for (const exact of names) await run(put(exact, type, value))
        }
      }
    },
    advance: (time) => run(Effect.andThen(settle, Effect.andThen(TestClock.adjust(time), settle))),
    close: async () => {
      await countersign.close()
      await surroundings.dispose()
    }
  }
}

/** A wake-up takes the workers a few turns of the scheduler. */
const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

const firstLink = (text: string): string | undefined => /https?:\/\/\S+/.exec(text)?.[0]
