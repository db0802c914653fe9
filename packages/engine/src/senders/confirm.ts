/**
 * The owner of the mailbox confirms the link. Whoever holds the link is the caller.
 */
import { senderDecider } from "@countersign/core"
import { Effect } from "effect"
import { Executor } from "../Executor.ts"
import { LinkInput, type LinkOutcome, makeAuthenticateLink, makeFindTarget, refusing } from "./Link.ts"
import { request, useCase } from "./UseCase.ts"

export const confirm = useCase(
  "confirm",
  LinkInput,
  Effect.gen(function* () {
    const executor = yield* Executor
    const authenticateLink = yield* makeAuthenticateLink
    const findTarget = yield* makeFindTarget
    return Effect.fnUntraced(function* ({ token, ...correlated }) {
      const { link, loaded, sender } = yield* authenticateLink(token)
      const { account, address } = sender
      const { senderId, verificationId } = link
      const { outcomes } = yield* executor
        .execute({ ...(yield* request({ account, actor: "mailbox", ...correlated })), known: [loaded] }, (tx) =>
          Effect.flatMap(tx.read(senderDecider, senderId), ({ at }) =>
            tx.decide(senderDecider, senderId, { _tag: "ConfirmLink", at, verificationId })
          )
        )
        .pipe(Effect.catchTags(refusing(address)))
      const changed = outcomes.some(({ happened }) => happened)
      return { ...(yield* findTarget(sender)), state: "verified", changed } satisfies LinkOutcome
    })
  })
)
