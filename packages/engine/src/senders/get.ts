/**
 * One live sender, as lists show it. Whoever asks is looking at its domain.
 */
import { Effect, Schema } from "effect"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { WatchedDomains } from "../probing/WatchedDomains.ts"
import { orNotFound, SenderOf, untracedUseCase } from "./UseCase.ts"

export const get = untracedUseCase(
  Schema.Struct(SenderOf),
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const watched = yield* WatchedDomains
    return ({ account, id }) => Effect.tap(orNotFound(directory.find(account, id)), watched.look)
  })
)
