/**
 * The engine put together: the use cases over whatever storage, DKIM provider and settings it is given.
 *
 * The workers are a layer of their own (`Workers.ts`), so that a process may serve calls, do the work, or both.
 */
import { Layer } from "effect"
import { Executor } from "./Executor.ts"
import { WatchedDomains } from "./probing/WatchedDomains.ts"
import { Senders } from "./Senders.ts"
import { SendPlans } from "./sending/SendPlans.ts"
import { Writer } from "./Writer.ts"

/** The use cases as a layer over the ports. */
export const Engine = {
  /** `Senders` for the callers, `Executor` for the workers: both write through one Writer. */
  layer: Senders.layer.pipe(
    Layer.provideMerge(SendPlans.layer),
    Layer.provideMerge(Layer.provide(Executor.layer, Writer.layer)),
    // What the use cases note there, the watch of the same process probes.
    Layer.provideMerge(WatchedDomains.layer)
  )
}
