/**
 * The workers: everything that happens by itself, each as background work of this layer's scope.
 */
import type { TaskKind } from "@countersign/core"
import { Effect, Layer } from "effect"
import { makeAccountNotice } from "./workers/AccountNotice.ts"
import { makeDomainProbe } from "./workers/DomainProbe.ts"
import { DomainWatch } from "./workers/DomainWatch.ts"
import { makeLinkExpiry } from "./workers/LinkExpiry.ts"
import { type Handler, runTasks } from "./workers/TaskRunner.ts"
import { makeVerificationMail } from "./workers/VerificationMail.ts"

const worker = <K extends TaskKind, E, R>(make: Effect.Effect<Handler<K>, E, R>) =>
  Layer.effectDiscard(Effect.flatMap(make, runTasks))

/** The workers as a layer over the ports. */
export const Workers = {
  /** Works until the scope ends; then all at once let what runs finish, and give the rest back. */
  layer: Layer.mergeAll(
    worker(makeVerificationMail),
    worker(makeAccountNotice),
    worker(makeLinkExpiry),
    worker(makeDomainProbe),
    DomainWatch.layer
  )
}
