/**
 * Whole-domain senders over scripted sources, for the tests of probing.
 */
import { accountOwner } from "@countersign/core"
import { type Caller, Engine, Senders } from "@countersign/engine"
import { MemoryMailer, MemoryStorage } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { Effect, Layer } from "effect"
import { missing, records, ScriptedDns, say, type Who } from "./ScriptedDns.ts"
import { adaptersOver, workers } from "./World.ts"

export const dnsWorld = workers.pipe(
  Layer.provideMerge(Engine.layer),
  Layer.provideMerge(adaptersOver(StorageFaults.layer(MemoryStorage.layer), MemoryMailer.layer, ScriptedDns.layer))
)

export const add = Effect.fnUntraced(function* (caller: Caller, domain: string) {
  const { sender } = yield* (yield* Senders).add({ ...caller, owner: accountOwner, kind: "domain", address: domain })
  return sender
})

export type Added = Effect.Success<ReturnType<typeof add>>

/** Every source shows the records, or only this one does. */
export const publish = Effect.fnUntraced(function* ({ plan }: Added, who?: Who) {
  for (const { name, value } of plan.records)
    yield* say(name, records("CNAME", value), who === undefined ? {} : { who })
})

export const drop = Effect.fnUntraced(function* ({ plan }: Added, who?: Who) {
  for (const { name } of plan.records) yield* say(name, missing, who === undefined ? {} : { who })
})

export const stateOf = ({ account, id }: Added) =>
  Effect.map(
    Effect.flatMap(Senders, (senders) => senders.get({ account, id })),
    ({ domainState }) => domainState
  )
