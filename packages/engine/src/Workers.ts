/**
 * The workers: everything that happens by itself, each as background work of this layer's scope.
 */
import { Effect, Layer } from "effect"
import { makeAccountNotice } from "./workers/AccountNotice.ts"
import { makeDomainProbe } from "./workers/DomainProbe.ts"
import { makeLinkExpiry } from "./workers/LinkExpiry.ts"
import { runTasks } from "./workers/TaskRunner.ts"
import { makeVerificationMail } from "./workers/VerificationMail.ts"

export const Workers = {
  /** Works until the scope ends; then lets what runs finish and gives the rest back. */
  layer: Layer.effectDiscard(
    Effect.gen(function* () {
      yield* runTasks(yield* makeVerificationMail)
      yield* runTasks(yield* makeAccountNotice)
      yield* runTasks(yield* makeLinkExpiry)
      yield* runTasks(yield* makeDomainProbe)
    })
  )
}
