/**
 * How many live senders of an account a filter finds.
 */
import { Effect, Schema } from "effect"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { SenderFilterInput } from "./SenderFilterInput.ts"
import { useCase } from "./UseCase.ts"

export const count = useCase(
  "count",
  Schema.Struct(SenderFilterInput),
  Effect.map(SenderDirectory, ({ count }) => count)
)
