/**
 * A process of its own that adds senders to a store, one commit after the other, and writes a line for each that was
 * acknowledged.
 *
 * Arguments: the file, the prefix of the senders' ids, how many; and of how many such processes each waits for the
 * first commit before it goes on, so that they work at the same time.
 */
import { writeSync } from "node:fs"
import { EventStore } from "@countersign/engine"
import { addCommit } from "@countersign/testkit/sample-commit"
import { Effect } from "effect"
import { SqliteStorage } from "../src/index.ts"

const [file = "", prefix = "", count = "0", together = "1"] = process.argv.slice(2)

const waitForOthers = Effect.fnUntraced(function* (store: EventStore["Service"]) {
  while (true) {
    const { events } = yield* store.readLog(0, 1_000)
    if (new Set(events.map(({ stream }) => stream.split("-")[0])).size >= Number(together)) return
    yield* Effect.sleep("2 millis")
  }
})

const program = Effect.gen(function* () {
  const store = yield* EventStore
  for (let index = 0; index < Number(count); index++) {
    const sender = `${prefix}-${index}`
    const [outcome] = yield* store.commit([addCommit(sender)])
    if (outcome?._tag !== "Committed") return yield* Effect.die(new Error(`${sender}: ${outcome?._tag}`))
    // At once and unbuffered: what was not acknowledged must not be printed, and what is printed was acknowledged.
    writeSync(1, `${sender}\n`)
    if (index === 0) yield* waitForOthers(store)
    // As a server would: other things happen between two commits.
    yield* Effect.yieldNow
  }
})

await Effect.runPromise(Effect.provide(program, SqliteStorage.layer({ file })))
