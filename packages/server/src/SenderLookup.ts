/**
 * The senders that an operator means, of whatever account: by id, by address or by domain.
 */
import { parseDomain, parseEmailAddress, SenderId, StoredSenderId, senderEventCodec } from "@countersign/core"
import {
  AccountAdmin,
  AccountNotFound,
  Accounts,
  EventStore,
  type ListedSender,
  SenderDirectory,
  type SenderFilter
} from "@countersign/engine"
import { Effect, Option, Result, Schema } from "effect"
import { optionalText } from "./CommandAnswers.ts"
import { OperatorError } from "./OperatorError.ts"

/** `--account`, where a command is about every account without it. */
export const ofAccount = optionalText("account", "Only this account's senders")

/** The accounts to look into. The store does not list those that a host has. */
const accountsOf = Effect.fnUntraced(function* (account: Option.Option<string>) {
  if (Option.isNone(account)) {
    const accounts = (yield* (yield* AccountAdmin).listAccounts).map(({ id }) => id)
    if (accounts.length > 0) return accounts
    return yield* new OperatorError({ message: "The store lists no accounts: name one with --account." })
  }
  yield* knownAccount(account.value)
  return [account.value]
})

/** An empty list would hide a mistyped id. The accounts of a host's own are known by their senders. */
export const knownAccount = Effect.fnUntraced(function* (id: string) {
  if (Option.isSome(yield* (yield* Accounts).account(id))) return
  if ((yield* (yield* SenderDirectory).count({ account: id })) > 0) return
  return yield* new AccountNotFound({ what: "account", id })
})

/** How a sender that is or was there began: its first event. */
export const firstAdd = Effect.fnUntraced(function* (id: string) {
  const { events } = yield* (yield* EventStore).readStream(id, 0, 1)
  const first = events[0] === undefined ? undefined : senderEventCodec.decode(events[0])
  if (first === undefined || Result.isFailure(first) || first.success._tag !== "SenderAdded") return undefined
  return first.success
})

const isSenderId = Schema.is(SenderId)

/** The account of a sender that is or was there. */
export const accountOf = Effect.fnUntraced(function* (id: string) {
  const added = isSenderId(id) ? yield* firstAdd(id) : undefined
  return added?.account ?? (yield* new OperatorError({ message: `There is no sender ${id}.` }))
})

/** The live sender with this id. */
export const senderById = Effect.fnUntraced(function* (id: string) {
  const found = yield* (yield* SenderDirectory).find(yield* accountOf(id), StoredSenderId.make(id))
  if (Option.isSome(found)) return found.value
  const message = `Sender ${id} was removed; \`countersign sender history ${id}\` lists its events.`
  return yield* new OperatorError({ message })
})

const understood = <A>(parsed: Result.Result<A, { readonly message: string }>, what: string) =>
  Effect.mapError(Effect.fromResult(parsed), ({ message }) => new OperatorError({ message: `${what}: ${message}` }))

/** An address as it is compared. `what` is what the operator gave wrongly. */
export const canonicalOf = (address: string, what: string) =>
  Effect.map(understood(parseEmailAddress(address, { allowTestNames: true }), what), ({ canonical }) => canonical)

/** A domain as it is compared. */
export const domainOf = (domain: string, what: string) =>
  understood(parseDomain(domain, { allowTestNames: true }), what)

const pageSize = 500

/** The live senders that a filter lets through, of one account or of all, the oldest of each account first. */
export const sendersOf = Effect.fnUntraced(function* (
  filter: Omit<SenderFilter, "account">,
  account: Option.Option<string>
) {
  const { page } = yield* SenderDirectory
  const found: Array<ListedSender> = []
  for (const account_ of yield* accountsOf(account)) {
    let after = 0
    while (true) {
      const query = { ...filter, account: account_, after, order: "oldest-first", offset: 0, limit: pageSize } as const
      const senders = yield* page(query)
      found.push(...senders)
      if (senders.length < pageSize) break
      after = senders.at(-1)?.position ?? after
    }
  }
  return found
})

/** The live senders that are named by id, address or domain: at least one. */
export const findSenders = Effect.fnUntraced(function* (named: string, account: Option.Option<string>) {
  if (isSenderId(named)) return [yield* senderById(named)]
  const what = `"${named}"`
  const filter = named.includes("@")
    ? { canonical: yield* canonicalOf(named, what) }
    : { domain: yield* domainOf(named, what) }
  const found = yield* sendersOf(filter, account)
  return found.length > 0 ? found : yield* new OperatorError({ message: `There is no sender for ${named}.` })
})
