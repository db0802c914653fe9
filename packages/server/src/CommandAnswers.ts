/**
 * How the operator's commands answer: a line for a person or, with `--json`, one JSON value.
 */
import { Console, type Effect } from "effect"
import { Flag } from "effect/cli"

/** `--json`, of every command. */
export const json = Flag.Boolean("json").pipe(Flag.withDescription("Answer as JSON"), Flag.withDefault(false))

/** Says what was done. */
export const say = (asJson: boolean, value: unknown, line: string): Effect.Effect<void> =>
  Console.log(asJson ? JSON.stringify(value) : line)

/** A list for a person. */
export const lines = (rows: ReadonlyArray<string>, none: string): string => (rows.length === 0 ? none : rows.join("\n"))

/** A time, given in milliseconds since the epoch. */
export const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** So many of something. */
export const several = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** A flag for a text that may be left out. */
export const optionalText = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)
