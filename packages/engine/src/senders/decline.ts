/**
 * "This was not me": the link no longer works, and for 30 days the account mails nothing there, for whichever sender.
 */
import { mailboxDecider, mailboxId, senderDecider } from "@countersign/core"
import { Effect } from "effect"
import { Executor } from "../Executor.ts"
import { LinkInput, type LinkOutcome, makeAuthenticateLink, makeFindTarget, refusing } from "./Link.ts"
import { request, useCase } from "./UseCase.ts"

export const decline = useCase(
  "decline",
  LinkInput,
  Effect.gen(function* () {
    const executor = yield* Executor
    const authenticateLink = yield* makeAuthenticateLink
    const findTarget = yield* makeFindTarget
    return Effect.fnUntraced(function* ({ token, ...correlated }) {
      const { link, loaded, sender } = yield* authenticateLink(token)
      const { account, address, canonical } = sender
      const { senderId, verificationId } = link
      const executed = yield* executor
        .execute(
          { ...(yield* request({ account, actor: "mailbox", ...correlated })), known: [loaded] },
          Effect.fnUntraced(function* (tx) {
            const { at } = yield* tx.read(senderDecider, senderId)
            const decided = yield* tx.decide(senderDecider, senderId, { _tag: "DeclineLink", at, verificationId })
            const { happened, state } = decided
            if (!happened)
              return { changed: false, isVerified: state._tag === "Sender" && state.mailbox === "verified" }
            yield* tx.decide(mailboxDecider, mailboxId(account, canonical), {
              _tag: "DeclineMail",
              at,
              account,
              canonical
            })
            return { changed: true, isVerified: false }
          })
        )
        .pipe(Effect.catchTags(refusing(address)))
      // Without an idempotency key nothing is replayed.
      const { changed, isVerified } = executed._tag === "Done" ? executed.value : { changed: false, isVerified: false }
      const state = isVerified ? "verified" : "declined"
      return { ...(yield* findTarget(sender)), state, changed } satisfies LinkOutcome
    })
  })
)
