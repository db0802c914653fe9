/**
 * Removing every sender of kind email of one owner.
 */
import { accountOwner, Owner } from "@countersign/core"
import { Effect, Schema } from "effect"
import { makeRemoval } from "./Removal.ts"
import { Caller, useCase } from "./UseCase.ts"

export const removeAll = useCase(
  "removeAll",
  Schema.Struct({
    ...Caller.fields,
    /** The account itself when absent. */
    owner: Schema.optionalKey(Owner)
  }),
  Effect.map(
    makeRemoval,
    ({ removeFound }) =>
      ({ owner = accountOwner, ...caller }) =>
        removeFound(caller, { owner, kind: "email" })
  )
)
