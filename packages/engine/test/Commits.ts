/**
 * Plain commits for tests of the write path: one event in one stream, without an entry or tasks.
 */
import { type Commit, EventStore, type NewEvent } from "@countersign/engine"
import { Effect } from "effect"

export const eventOf = (data = '{"at":0,"reason":"test"}', meta = "{}"): NewEvent => ({
  type: "SenderRemoved",
  schemaVersion: 1,
  data,
  meta
})

/** The first event of a stream; the command's id is the stream's name. */
export const commitOf = (stream: string, change: Partial<Commit> & { readonly event?: NewEvent } = {}): Commit => {
  const { event = eventOf(), ...rest } = change
  return {
    account: "acc",
    command: { id: stream, fingerprint: "", result: `"${stream}"` },
    appends: [{ stream, expected: 0, events: [event], entry: undefined, tasks: [] }],
    ...rest
  }
}

export const streamNames = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `stream-${index}`)

/** The streams of all events, in the order of the log. */
export const storedIn = Effect.fnUntraced(function* () {
  const { events } = yield* (yield* EventStore).readLog(0, 1_000_000)
  return events.map(({ stream }) => stream)
})
