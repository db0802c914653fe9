/**
 * The engine put together: the use cases over whatever storage, DKIM provider and settings it is given.
 *
 * The workers are a layer of their own (`Workers.ts`), so that a process may serve calls, do the work, or both.
 */
import { Effect, Layer } from "effect"
import { Executor } from "./Executor.ts"
import { Senders } from "./Senders.ts"
import { makeAdd } from "./senders/AddSender.ts"
import { makeCommands } from "./senders/Commands.ts"
import { makeLinks } from "./senders/Links.ts"
import { makeReads } from "./senders/Reads.ts"
import { makeRemoval } from "./senders/Removal.ts"
import { Writer } from "./Writer.ts"

const executor = Layer.provide(Executor.layer, Writer.layer)

const senders = Layer.effect(
  Senders,
  Effect.gen(function* () {
    const commands = yield* makeCommands
    const add = yield* makeAdd(commands)
    const links = yield* makeLinks(commands)
    const removal = yield* makeRemoval(commands)
    const reads = yield* makeReads
    return Senders.of({ add, ...links, ...removal, ...reads })
  })
)

/** The use cases as a layer over the ports. */
export const Engine = {
  /** `Senders` for the callers, `Executor` for the workers: both write through one Writer. */
  layer: Layer.provideMerge(senders, executor)
}
