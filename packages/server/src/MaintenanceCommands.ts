/**
 * `rebuild` and `verify`: the directory made anew from the log, and the whole store verified. Both work while servers
 * run.
 *
 * Problems are lines on standard output as they are found; that there are any is the sentence on standard error, and
 * exit code 1.
 */
import { rebuild, verify } from "@countersign/engine"
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { json, say, several } from "./CommandAnswers.ts"
import { OperatorError } from "./OperatorError.ts"
import { existingStore } from "./Store.ts"

/** A JSON answer holds so many problems at most; it counts them all. */
const listed = 1_000

/** Where problems go: at once for a person, into the answer for a program. */
const collector = (asJson: boolean) => {
  const problems: Array<string> = []
  const tell = (problem: string) =>
    asJson
      ? Effect.sync(() => {
          if (problems.length < listed) problems.push(problem)
        })
      : Console.log(problem)
  return { problems, tell }
}

const rebuildCommand = Command.make(
  "rebuild",
  { json },
  Effect.fn(function* (input) {
    const { problems, tell } = collector(input.json)
    const { stored, rebuilt: _, problems: count, ...done } = yield* rebuild(tell)
    const put = `${several(done.corrected, "row")} and ${several(done.repaired, "index entry", "index entries")} corrected`
    yield* say(
      input.json,
      { ...done, digest: stored, problems: count, problem: problems },
      `Compared ${several(done.streams, "stream")} with the log: ${several(done.senders, "live sender")}, ${put}. The directory's digest is ${stored}.`
    )
    if (done.newer > 0) yield* Console.error(newerRows(done.newer))
    if (count > 0)
      return yield* new OperatorError({ message: `The directory was not rebuilt: ${several(count, "problem")}.` })
  })
).pipe(Command.withDescription("Rebuild the directory of senders from the log"), Command.provide(existingStore))

const verifyCommand = Command.make(
  "verify",
  { json },
  Effect.fn(function* (input) {
    const { problems, tell } = collector(input.json)
    const { stored, rebuilt, problems: count, ...seen } = yield* verify(tell)
    const digest = stored === rebuilt ? `The directory's digest is ${stored}.` : "The directory differs from the log."
    yield* say(
      input.json,
      { ...seen, digest: stored, rebuilt, problems: count, problem: problems },
      `Verified ${several(seen.events, "event")} of ${several(seen.streams, "stream")}, ${several(seen.senders, "live sender")} and ${several(seen.tasks, "task")}: ${count === 0 ? "all is well" : several(count, "problem")}. ${digest}`
    )
    if (seen.newer > 0) yield* Console.error(newerRows(seen.newer))
    if (count > 0) return yield* new OperatorError({ message: `The store has problems: ${several(count, "problem")}.` })
  })
).pipe(Command.withDescription("Verify the whole store"), Command.provide(existingStore))

const newerRows = (count: number): string =>
  `${several(count, "row")} of the directory ${count === 1 ? "was" : "were"} written by a newer version and left as ${count === 1 ? "it is" : "they are"}.`

/** `rebuild` and `verify`. */
export const maintenanceCommands = [rebuildCommand, verifyCommand] as const
