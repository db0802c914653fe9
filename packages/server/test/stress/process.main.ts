/**
 * One process of a stressed installation: an engine and its workers, asked over standard input, a line for each
 * request, and answering on standard output. Its argument is `ProcessSettings`. It ends in good order when it is told
 * to stop, and at once when its input ends without that: then whoever started it is gone.
 */
import { writeSync } from "node:fs"
import { createInterface } from "node:readline"
import { Senders } from "@countersign/engine"
import { Context, Effect, Exit, Layer, Logger, References, Schedule, Scope } from "effect"
import { type Act, perform } from "./Act.ts"
import { machineTime, type ProcessSettings, processOf } from "./Installation.ts"

// Written by Processes.ts.
const settings = JSON.parse(process.argv[2] ?? "") as ProcessSettings

// The whole process believes it: whatever took the time from here would be off by this.
const realNow = Date.now
const RealDate = Date
const now = () => realNow() + settings.clockOffset
globalThis.Date = new Proxy(RealDate, {
  construct: (_, args, target) => Reflect.construct(RealDate, args.length === 0 ? [now()] : args, target),
  get: (real, name) => (name === "now" ? now : Reflect.get(real, name))
})

const say = (line: unknown) => writeSync(1, `${JSON.stringify(line)}\n`)

const scope = Effect.runSync(Scope.make())
const logs = Layer.merge(
  Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]),
  Layer.succeed(References.MinimumLogLevel, "Warn")
)
// It may begin while the storage is down, and waits for it as a server does.
const context = await Layer.buildWithScope(
  Layer.provideMerge(
    processOf(settings, (sending) => say({ sending })),
    logs
  ),
  scope
).pipe(Effect.retry({ schedule: Schedule.spaced("500 millis"), times: 60 }), Effect.runPromise)
const senders = Context.get(context, Senders)
say({ ready: true })

let stopping = false
const working = new Set<Promise<void>>()
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "stop") {
    stopping = true
    break
  }
  // Written by Processes.ts.
  const { id, act } = JSON.parse(line) as { readonly id: number; readonly act: Act }
  const done = Effect.runPromiseWith(context)(perform(senders, act)).then((answer) => {
    say({ id, answer, at: machineTime() })
    working.delete(done)
  })
  working.add(done)
}
if (!stopping) process.exit(1)
await Promise.all(working)
await Effect.runPromise(Scope.close(scope, Exit.void))
