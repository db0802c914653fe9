/**
 * Removing one sender.
 */
import { Effect, Schema } from "effect"
import { makeRemoval } from "./Removal.ts"
import { Caller, SenderOf, Text, useCase } from "./UseCase.ts"

export const remove = useCase(
  "remove",
  Schema.Struct({
    ...Caller.fields,
    ...SenderOf,
    /** Goes into the event. `requested` when absent. */
    reason: Schema.optionalKey(Text)
  }),
  Effect.map(
    makeRemoval,
    ({ removeThese }) =>
      ({ id, reason = "requested", ...caller }) =>
        removeThese(caller, [id], reason)
  )
)
