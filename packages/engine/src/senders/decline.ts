/**
 * "This was not me": the link is dead, and for 30 days the account mails nothing there, whichever sender asks.
 */
import { mailboxDecider, mailboxId, senderDecider } from "@countersign/core"
import { Effect } from "effect"
import { Executor } from "../Executor.ts"
import { LinkInput, makeReadGenuine, refusing } from "./Link.ts"
import { request, useCase } from "./UseCase.ts"

export const decline = useCase(
  "decline",
  LinkInput,
  Effect.gen(function* () {
    const executor = yield* Executor
    const readGenuine = yield* makeReadGenuine
    return Effect.fnUntraced(function* ({ token, ...correlated }) {
      const { link, loaded, sender } = yield* readGenuine(token)
      const { account, address, canonical } = sender
      const { senderId, verificationId } = link
      yield* executor
        .execute(
          { ...(yield* request({ account, actor: "mailbox", ...correlated })), known: [loaded] },
          Effect.fnUntraced(function* (tx) {
            const { at } = yield* tx.read(senderDecider, senderId)
            const { happened } = yield* tx.decide(senderDecider, senderId, { _tag: "DeclineLink", at, verificationId })
            if (!happened) return
            yield* tx.decide(mailboxDecider, mailboxId(account, canonical), {
              _tag: "DeclineMail",
              at,
              account,
              canonical
            })
          })
        )
        .pipe(Effect.catchTags(refusing(address)))
      return { address }
    })
  })
)
