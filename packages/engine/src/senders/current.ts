/**
 * The newest live sender of kind email of one owner.
 */
import { accountOwner, Owner } from "@countersign/core"
import { Effect, Schema } from "effect"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { Caller, orNotFound, untracedUseCase } from "./UseCase.ts"

export const current = untracedUseCase(
  Schema.Struct({
    account: Caller.fields.account,
    /** The account itself when absent. */
    owner: Schema.optionalKey(Owner)
  }),
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    return ({ account, owner = accountOwner }) => orNotFound(directory.current(account, owner))
  })
)
