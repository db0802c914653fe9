/**
 * The newest live sender of kind email of one owner. Whoever asks is looking at its domain.
 */
import { accountOwner, Owner } from "@countersign/core"
import { Effect, Schema } from "effect"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { WatchedDomains } from "../probing/WatchedDomains.ts"
import { Caller, orNotFound, untracedUseCase } from "./UseCase.ts"

export const current = untracedUseCase(
  Schema.Struct({
    account: Caller.fields.account,
    /** The account itself when absent. */
    owner: Schema.optionalKey(Owner)
  }),
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const watched = yield* WatchedDomains
    return ({ account, owner = accountOwner }) =>
      Effect.tap(orNotFound(directory.current(account, owner)), watched.look)
  })
)
