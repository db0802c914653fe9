/**
 * A sender as it was at a time: what its events until then come to.
 */
import { senderDecider } from "@countersign/core"
import { Effect, Result, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { EventStore } from "../ports/EventStore.ts"
import { SenderNotFound } from "../SenderErrors.ts"
import { SenderOf, useCase } from "./UseCase.ts"

export const stateAt = useCase(
  "stateAt",
  Schema.Struct({ ...SenderOf, at: Schema.Finite }),
  Effect.gen(function* () {
    const executor = yield* Executor
    const store = yield* EventStore
    return Effect.fnUntraced(function* ({ account, id, at }) {
      const { state, version } = yield* executor.load(senderDecider, id)
      if (state._tag === "NotAdded" || state.account !== account) return yield* new SenderNotFound()
      // Times never go back along a stream.
      let [from, to] = [0, version]
      while (from < to) {
        const middle = (from + to) >>> 1
        const [stored] = (yield* store.readStream(id, middle, 1)).events
        if (stored === undefined) return yield* Effect.die(new Error("a stream has every version up to its own"))
        const decoded = senderDecider.codec.decode(stored)
        if (Result.isFailure(decoded)) return yield* decoded.failure
        if (decoded.success.at <= at) from = middle + 1
        else to = middle
      }
      return yield* executor.load(senderDecider, id, from)
    })
  })
)
