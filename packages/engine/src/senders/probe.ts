/**
 * An on-demand probe of a sender's domain.
 */
import { isLive, probeTask, senderDecider } from "@countersign/core"
import { Effect, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { TaskQueue } from "../ports/TaskQueue.ts"
import { SenderNotFound } from "../SenderErrors.ts"
import { Caller, request, SenderOf, useCase } from "./UseCase.ts"

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

export const probe = useCase(
  "probe",
  Schema.Struct({ ...Caller.fields, ...SenderOf }),
  Effect.gen(function* () {
    const executor = yield* Executor
    const put = yield* makeProbe
    return Effect.fnUntraced(function* (input) {
      if (input.idempotency === undefined) return yield* put(input)
      yield* executor.execute(
        yield* request(input),
        Effect.fnUntraced(function* (tx) {
          const { state } = yield* tx.read(senderDecider, input.id)
          if (!isLive(state) || state.account !== input.account) return yield* new SenderNotFound()
        })
      )
      // The receipt of the first call answers a repetition, although the sender may be gone by then.
      yield* Effect.catchTag(put(input), "SenderNotFound", () => Effect.void)
    })
  })
)
