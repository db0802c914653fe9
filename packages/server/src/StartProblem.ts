/**
 * Why the program cannot start or go on: one sentence for the person who started it. It becomes one line on standard
 * error and exit code 1, never a stack.
 */
import { Data } from "effect"

export class StartProblem extends Data.TaggedError("StartProblem")<{
  readonly message: string
  readonly cause?: unknown
}> {}
