/**
 * One live sender, as lists show it.
 */
import { Effect, Schema } from "effect"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { orNotFound, SenderOf, untracedUseCase } from "./UseCase.ts"

export const get = untracedUseCase(
  Schema.Struct(SenderOf),
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    return ({ account, id }) => orNotFound(directory.find(account, id))
  })
)
