/**
 * Writes down that a link's time went by without a click.
 */
import { senderDecider } from "@countersign/core"
import { Effect } from "effect"
import { Executor } from "../Executor.ts"
import { settleBy } from "./Settle.ts"
import type { Handler, Next, Run } from "./TaskRunner.ts"

export const makeLinkExpiry = Effect.gen(function* () {
  const executor = yield* Executor

  const run = Effect.fn("LinkExpiry.run")(function* ({ task, payload }: Run<"link-expiry">) {
    const { sender, incarnation, verificationId } = payload
    const { state, at } = yield* executor.load(senderDecider, sender)
    if (state._tag === "NotAdded" || state.link?.verificationId !== verificationId || state.mailbox !== "pending") {
      return { _tag: "Complete" } satisfies Next
    }
    // The link's time runs from the sending of the mail, which may have been later than the request.
    if (at < state.link.expiresAt) return { _tag: "Again", due: state.link.expiresAt } satisfies Next
    return yield* settleBy(executor, task, sender, state.account, (at) => ({
      _tag: "ExpireLink",
      at,
      incarnation,
      verificationId
    }))
  })

  return { kind: "link-expiry", concurrency: 8, attempts: 30, run } satisfies Handler<"link-expiry">
})
