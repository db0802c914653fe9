/**
 * Clause 7: what no store can keep is refused before it is queued, by the one writer that stands before every store.
 */
import { type Commit, EventStore, Writer } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { makeClause, type StorageLayer } from "./Clause.ts"
import { appendOf, commitOf, eventOf, streamData } from "./Fixtures.ts"

/** The longest text of an event, in UTF-16 units. */
const longest = 256 * 1_024

const unstorable = ["\0", "\uD800", "\uDC00", "\uD83D and no more", "in \0 between"]

export const badDataContract = (layer: StorageLayer): void => {
  const clause = makeClause(Layer.provideMerge(Writer.layer, layer))

  clause(
    "7.1 NUL and lone surrogates are refused wherever they stand, and nothing is written",
    Effect.gen(function* () {
      const writer = yield* Writer
      const store = yield* EventStore
      for (const text of unstorable) {
        const event = eventOf("good")
        const hostile: ReadonlyArray<Commit> = [
          commitOf(appendOf("s", 0), { command: { id: text } }),
          commitOf(appendOf("s", 0), { command: { fingerprint: text } }),
          commitOf(appendOf("s", 0), { command: { result: JSON.stringify({ text }) } }),
          commitOf(appendOf("s", 0), { account: text }),
          commitOf(appendOf("s", 0, { events: [event, eventOf(text)] })),
          commitOf(appendOf("s", 0, { events: [{ ...event, data: JSON.stringify({ [text]: 1 }) }] })),
          commitOf(appendOf("s", 0, { events: [{ ...event, meta: JSON.stringify({ deep: [{ text }] }) }] })),
          commitOf([appendOf("s", 0), appendOf("t", 0, { events: [eventOf(text)] })])
        ]
        for (const commit of hostile) expect((yield* Effect.flip(writer.submit(commit)))._tag).toBe("InvalidData")
      }
      expect((yield* store.readLog(0, 10)).events).toEqual([])
    })
  )

  clause(
    "7.2 an event is refused when it is too long, and kept when it is just not",
    Effect.gen(function* () {
      const writer = yield* Writer
      const padding = (length: number) => "x".repeat(length - JSON.stringify({ text: "" }).length)
      const eventOfLength = (length: number) => ({ ...eventOf(""), data: JSON.stringify({ text: padding(length) }) })
      const submit = (length: number) => writer.submit(commitOf(appendOf("s", 0, { events: [eventOfLength(length)] })))
      expect((yield* Effect.flip(submit(longest + 1)))._tag).toBe("InvalidData")
      expect((yield* Effect.flip(submit(50 * longest)))._tag).toBe("InvalidData")
      expect((yield* submit(longest))._tag).toBe("Committed")
      expect((yield* streamData("s"))[0]?.length).toBe(longest)
    })
  )

  clause(
    "7.3 a refused commit hurts nobody else's",
    Effect.gen(function* () {
      const writer = yield* Writer
      const store = yield* EventStore
      const outcomes = yield* Effect.forEach(
        Array.from({ length: 60 }, (_, index) => index),
        (index) =>
          Effect.result(
            writer.submit(commitOf(appendOf(`s-${index}`, 0, { events: [eventOf(index % 3 === 0 ? "\0" : "good")] })))
          ),
        { concurrency: "unbounded" }
      )
      const tags = outcomes.map((outcome) => (outcome._tag === "Success" ? outcome.success._tag : outcome.failure._tag))
      expect(tags).toEqual(tags.map((_, index) => (index % 3 === 0 ? "InvalidData" : "Committed")))
      expect((yield* store.readLog(0, 100)).events.length).toBe(40)
    })
  )

  clause(
    "7.4 text that only looks unstorable is kept",
    Effect.gen(function* () {
      const writer = yield* Writer
      const texts = ["\\u0000", "\\\\u0000", "\\uD800", "u0000", "\u{1F600}", "\uFFFF", "\u0001", "\u2028"]
      const events = texts.map(eventOf)
      expect((yield* writer.submit(commitOf(appendOf("s", 0, { events }))))._tag).toBe("Committed")
      expect(yield* streamData("s")).toEqual(events.map(({ data }) => data))
    })
  )
}
