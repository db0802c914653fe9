/**
 * Pages of an account's live senders.
 */
import { Effect, Schema } from "effect"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { SenderFilterInput } from "./SenderFilterInput.ts"
import { useCase } from "./UseCase.ts"

const wholeNumber = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const list = useCase(
  "list",
  Schema.Struct({
    ...SenderFilterInput,
    order: Schema.Literals(["oldest-first", "newest-first", "by-domain"]),
    offset: wholeNumber,
    limit: wholeNumber
  }),
  Effect.map(SenderDirectory, ({ page }) => page)
)
