/**
 * An on-demand probe of a sender's domain.
 */
import { isLive, probeTask, senderDecider } from "@countersign/core"
import { Effect, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { TaskQueue } from "../ports/TaskQueue.ts"
import { SenderNotFound } from "../SenderErrors.ts"
import { SenderOf, useCase } from "./UseCase.ts"

/** The least time between two on-demand probes of a domain, in milliseconds. */
const probeSpacing = 10_000

/** Puts the domain's probe, whoever wants it. */
export const makeProbe = Effect.gen(function* () {
  const executor = yield* Executor
  const queue = yield* TaskQueue
  return Effect.fnUntraced(function* ({ account, id }: Schema.Struct.Type<typeof SenderOf>) {
    const { state, at } = yield* executor.load(senderDecider, id)
    if (!isLive(state) || state.account !== account) return yield* new SenderNotFound()
    yield* queue.put(probeTask(account, state.domain, at, probeSpacing))
  })
})

export const probe = useCase("probe", Schema.Struct(SenderOf), makeProbe)
