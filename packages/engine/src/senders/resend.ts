/**
 * A new link while the mailbox is not verified; otherwise an on-demand probe of the domain, and no mail.
 */
import { declinedUntil, mailboxDecider, mailboxId, senderDecider } from "@countersign/core"
import { Effect, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { Ids } from "../Ids.ts"
import { neverRefused } from "../Refusals.ts"
import { SenderNotFound, TooSoon } from "../SenderErrors.ts"
import { makeProbe } from "./probe.ts"
import { Caller, request, SenderOf, useCase } from "./UseCase.ts"

export const resend = useCase(
  "resend",
  Schema.Struct({ ...Caller.fields, ...SenderOf }),
  Effect.gen(function* () {
    const executor = yield* Executor
    const ids = yield* Ids
    const probe = yield* makeProbe

    return Effect.fnUntraced(function* (input) {
      const { account, id } = input
      const executed = yield* executor
        .execute(
          yield* request(input),
          Effect.fnUntraced(function* (tx) {
            const { state, at } = yield* tx.read(senderDecider, id)
            const declined =
              state._tag === "Sender"
                ? declinedUntil((yield* tx.read(mailboxDecider, mailboxId(account, state.canonical))).state, at)
                : undefined
            const verificationId = yield* ids.next
            return yield* tx.decide(senderDecider, id, {
              _tag: "RequestLink",
              at,
              verificationId,
              ...(declined === undefined ? {} : { declinedUntil: declined })
            })
          })
        )
        .pipe(
          Effect.catchTags({
            ...neverRefused,
            TooSoon: ({ retryAfter }) => new TooSoon({ retryAfter }),
            SenderNotFound: () => new SenderNotFound()
          })
        )
      // Nothing to confirm any more. A repetition puts the probe too, since the first call may have ended before it
      // did.
      if (!executed.outcomes.some(({ happened }) => happened)) {
        yield* Effect.catchTag(probe(input), "SenderNotFound", () => Effect.void)
      }
    })
  })
)
