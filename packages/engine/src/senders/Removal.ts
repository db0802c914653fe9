/**
 * Removing senders, one or all of an owner's.
 */
import type { Owner } from "@countersign/core"
import { Effect } from "effect"
import { Executor } from "../Executor.ts"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import type { Caller } from "../Senders.ts"
import type { Commands } from "./Commands.ts"

const pageSize = 500

export const makeRemoval = (commands: Commands) =>
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const executor = yield* Executor

    const removeThese = Effect.fnUntraced(function* (caller: Caller, senders: ReadonlyArray<string>, reason: string) {
      const outcomes = yield* commands.run(
        caller,
        senders.map((sender) => ({
          sender,
          command: ({ at }) => Effect.succeed({ _tag: "RemoveSender", at, reason })
        }))
      )
      return { count: outcomes.filter(({ happened }) => happened).length }
    })

    const remove = Effect.fn("Senders.remove")(function* (caller: Caller, sender: string, reason = "requested") {
      const { state } = yield* executor.load(sender)
      const own = state._tag === "Sender" && state.account === caller.account
      // A foreign sender is treated like none; the receipt of an idempotent call is written all the same.
      return yield* removeThese(caller, own ? [sender] : [], reason)
    })

    const removeAll = Effect.fn("Senders.removeAll")(function* (caller: Caller, owner: Owner) {
      const senders: Array<string> = []
      while (true) {
        const page = yield* directory.page({
          account: caller.account,
          owner,
          kind: "email",
          order: "oldest-first",
          offset: senders.length,
          limit: pageSize
        })
        senders.push(...page.map(({ sender }) => sender))
        if (page.length < pageSize) return yield* removeThese(caller, senders, "requested")
      }
    })

    return { remove, removeAll }
  })
