/**
 * Gives back the memory that only the start needed.
 *
 * Loading the program leaves some 25 MB of garbage, which a server with little to do would keep for hours: V8 collects
 * when memory is wanted, not when it is idle. One collection at the end of the start gives it back to the system.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Effect } from "effect"

export const collectStartGarbage: Effect.Effect<void> = Effect.sync(() => {
  // The only way to the collector without a flag on the command line, which an embedded start does not have.
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  setFlagsFromString("--no-expose-gc")
  if (typeof collect === "function") collect({ type: "major", execution: "sync", flavor: "last-resort" })
})
