/**
 * Removing senders: what `remove`, `removeAll` and `removeAddress` share.
 */
import { type SenderId, senderDecider } from "@countersign/core"
import { Effect } from "effect"
import { Executor } from "../Executor.ts"
import { SenderDirectory, type SenderFilter } from "../ports/SenderDirectory.ts"
import { neverRefused } from "../Refusals.ts"
import { type Caller, request } from "./UseCase.ts"

const pageSize = 500

export const makeRemoval = Effect.gen(function* () {
  const directory = yield* SenderDirectory
  const executor = yield* Executor

  /** All of them or none; answers how many. Without any, the receipt of an idempotent call is written all the same. */
  const removeThese = Effect.fnUntraced(function* (
    caller: typeof Caller.Type,
    ids: ReadonlyArray<SenderId>,
    reason: string
  ) {
    const executed = yield* executor.execute(yield* request(caller), (tx) =>
      Effect.forEach(
        ids,
        (id) =>
          Effect.flatMap(tx.read(senderDecider, id), ({ at }) =>
            tx.decide(senderDecider, id, { _tag: "RemoveSender", at, reason })
          ),
        { discard: true }
      ).pipe(Effect.catchTags(neverRefused))
    )
    return { count: executed.outcomes.filter(({ happened }) => happened).length }
  })

  /** Every sender that the filter finds, in one command. */
  const removeFound = Effect.fnUntraced(function* (caller: typeof Caller.Type, filter: Omit<SenderFilter, "account">) {
    const ids: Array<SenderId> = []
    while (true) {
      const page = yield* directory.page({
        ...filter,
        account: caller.account,
        order: "oldest-first",
        offset: ids.length,
        limit: pageSize
      })
      ids.push(...page.map(({ id }) => id))
      if (page.length < pageSize) return yield* removeThese(caller, ids, "requested")
    }
  })

  return { removeThese, removeFound }
})
