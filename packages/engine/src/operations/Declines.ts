/**
 * What the owners of mailboxes told accounts, for an operator: the list of the declines, and taking one back.
 *
 * There is no table of them: the list is folded from the log, which is read in pages. Of the mailboxes it keeps those
 * that were declined, of the log nothing.
 */
import {
  type AccountId,
  type CanonicalAddress,
  type Decline,
  declinedUntil,
  type EventUndecodable,
  isOf,
  type Mailbox,
  mailboxDecider,
  mailboxId,
  parseEmailAddress
} from "@countersign/core"
import { Brand, Effect, Result } from "effect"
import { Executor } from "../Executor.ts"
import { Ids } from "../Ids.ts"
import { EventStore, type StorageUnavailable } from "../ports/EventStore.ts"
import { neverRepeated } from "../Refusals.ts"
import { AddressRefused, type WriteFailure } from "../SenderErrors.ts"

/** One mailbox's latest decline. Times are milliseconds since the epoch by the storage's clock. */
export interface ListedDecline extends Decline {
  readonly account: AccountId
  /** In its canonical form. */
  readonly address: CanonicalAddress
  /** Whether nothing is mailed there now: it is neither over nor lifted. */
  readonly inForce: boolean
}

const pageSize = 500

/** The declines in force or, with `all`, the latest one of every mailbox, in the order in which they were made. */
export const listDeclines = Effect.fn("Declines.list")(function* (options: {
  readonly all: boolean
}): Effect.fn.Return<ReadonlyArray<ListedDecline>, StorageUnavailable | EventUndecodable, EventStore> {
  const store = yield* EventStore
  const mailboxes = new Map<string, Mailbox>()
  let position = 0
  while (true) {
    const { events, now } = yield* store.readLog(position, pageSize)
    for (const stored of events) {
      position = stored.position
      if (!isOf(mailboxDecider, stored.type)) continue
      const decoded = mailboxDecider.codec.decode(stored)
      if (Result.isFailure(decoded)) return yield* decoded.failure
      const before = mailboxes.get(stored.stream) ?? mailboxDecider.initial
      const state = mailboxDecider.evolve(before, decoded.success)
      // Put at the end, so that the order is that of the latest declines.
      if (decoded.success._tag === "MailDeclined") mailboxes.delete(stored.stream)
      mailboxes.set(stored.stream, state)
    }
    if (events.length < pageSize) {
      return [...mailboxes.values()].flatMap((state) => {
        if (state._tag === "UnknownMailbox") return []
        const { account, canonical: address, decline } = state
        const inForce = declinedUntil(state, now) !== undefined
        return inForce || options.all ? [{ account, address, ...decline, inForce }] : []
      })
    }
  }
})

const accountId = Brand.nominal<AccountId>()

/**
 * Takes a decline back: a new link may be requested at once, and a mail that waits goes out within the hour. Answers
 * whether a decline was in force; otherwise nothing happens.
 */
export const liftDecline = Effect.fn("Declines.lift")(function* (input: {
  readonly account: string
  /** However it is spelt. */
  readonly address: string
  /** Who takes it back: kept in the event and, as its actor, beside it. */
  readonly by: string
}): Effect.fn.Return<boolean, AddressRefused | WriteFailure | EventUndecodable, Executor> {
  const parsed = parseEmailAddress(input.address, { allowTestNames: true })
  if (Result.isFailure(parsed)) return yield* new AddressRefused(parsed.failure)
  // An id that is no account's has no mailboxes.
  const account = accountId(input.account)
  const mailbox = mailboxId(account, parsed.success.canonical)
  const executor = yield* Executor
  const correlation = yield* (yield* Ids).next
  const lift = executor.execute({ account, actor: input.by, correlation }, (tx) =>
    Effect.flatMap(tx.read(mailboxDecider, mailbox), ({ at }) =>
      tx.decide(mailboxDecider, mailbox, { _tag: "LiftDecline", at, by: input.by })
    )
  )
  const { outcomes } = yield* Effect.catchTags(lift, { ...neverRepeated, LeaseLost: Effect.die })
  return outcomes.some(({ happened }) => happened)
})
