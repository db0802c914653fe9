/**
 * Why a command cannot do what the operator asked for: one sentence, which becomes one line on standard error and exit
 * code 1, never a stack.
 */
import { Data } from "effect"

export class OperatorError extends Data.TaggedError("OperatorError")<{
  readonly message: string
  readonly cause?: unknown
}> {}
