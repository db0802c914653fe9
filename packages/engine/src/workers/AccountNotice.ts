/**
 * Tells an account by mail that a sender was added to it.
 */
import { isLive, senderDecider } from "@countersign/core"
import { Effect, Option } from "effect"
import { Executor } from "../Executor.ts"
import { Accounts } from "../ports/Accounts.ts"
import { Mailer } from "../ports/Mailer.ts"
import { Settings } from "../Settings.ts"
import { accountNotice } from "./MailText.ts"
import type { Handler, Next, Run } from "./TaskRunner.ts"

export const makeAccountNotice = Effect.gen(function* () {
  const executor = yield* Executor
  const accounts = yield* Accounts
  const mailer = yield* Mailer
  const { publicUrl } = yield* Settings
  const host = new URL(publicUrl).hostname

  const run = Effect.fn("AccountNotice.run")(function* ({ payload }: Run<"account-notice">) {
    const { state } = yield* executor.load(senderDecider, payload.sender)
    if (!isLive(state) || state.incarnation !== payload.incarnation) return { _tag: "Complete" } satisfies Next
    const account = yield* accounts.account(state.account)
    if (Option.isNone(account) || account.value.email === "") return { _tag: "Complete" } satisfies Next
    return yield* mailer
      .send({
        to: account.value.email,
        messageId: `<${payload.sender}.${payload.incarnation}@${host}>`,
        ...accountNotice(state.address, state.plan.records)
      })
      .pipe(
        Effect.match({
          onSuccess: (): Next => ({ _tag: "Complete" }),
          onFailure: ({ reason }): Next => ({ _tag: "Failed", error: reason })
        })
      )
  })

  return { kind: "account-notice", concurrency: 2, attempts: 10, run } satisfies Handler<"account-notice">
})
