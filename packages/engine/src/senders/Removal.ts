/**
 * Removing senders: one, all of an owner's, or all of one address.
 */
import { type Owner, parseDomain, parseEmailAddress } from "@countersign/core"
import { Effect, Result } from "effect"
import { Executor } from "../Executor.ts"
import { SenderDirectory, type SenderFilter } from "../ports/SenderDirectory.ts"
import type { Caller } from "../Senders.ts"
import { Settings } from "../Settings.ts"
import type { Commands } from "./Commands.ts"

const pageSize = 500

export const makeRemoval = (commands: Commands) =>
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const executor = yield* Executor
    const { allowTestNames } = yield* Settings

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

    /** Every sender that the filter finds, in one command. */
    const removeFound = Effect.fnUntraced(function* (caller: Caller, filter: Omit<SenderFilter, "account">) {
      const senders: Array<string> = []
      while (true) {
        const page = yield* directory.page({
          ...filter,
          account: caller.account,
          order: "oldest-first",
          offset: senders.length,
          limit: pageSize
        })
        senders.push(...page.map(({ id }) => id))
        if (page.length < pageSize) return yield* removeThese(caller, senders, "requested")
      }
    })

    const removeAll = Effect.fn("Senders.removeAll")((caller: Caller, owner: Owner) =>
      removeFound(caller, { owner, kind: "email" })
    )

    const removeAddress = Effect.fn("Senders.removeAddress")((caller: Caller, address: string) => {
      const canonical = canonicalOf(address, allowTestNames)
      // What cannot be a sender is none; the receipt of an idempotent call is written all the same.
      return canonical === undefined ? removeThese(caller, [], "requested") : removeFound(caller, { canonical })
    })

    return { remove, removeAll, removeAddress }
  })

/** What duplicates of an address, or of a domain, are told by. */
const canonicalOf = (address: string, allowTestNames: boolean): string | undefined =>
  Result.getOrUndefined(
    address.includes("@")
      ? Result.map(parseEmailAddress(address, { allowTestNames }), ({ canonical }) => canonical)
      : parseDomain(address, { allowTestNames })
  )
