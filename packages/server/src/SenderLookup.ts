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
  SenderDirectory
} from "@countersign/engine"
import { Effect, Option, Result, Schema } from "effect"
import { Flag } from "effect/cli"
import { OperatorError } from "./OperatorError.ts"

/** `--account`, where a command is about every account without it. */
export const ofAccount = Flag.String("account").pipe(Flag.withDescription("Only this account's senders"), Flag.optional)

/** The accounts to look into. A host may have accounts of its own, which the store does not list. */
export const accountsOf = Effect.fnUntraced(function* (account: Option.Option<string>) {
  if (Option.isSome(account)) {
    const id = account.value
    const isKnown = Option.isSome(yield* (yield* Accounts).account(id))
    if (isKnown || (yield* (yield* SenderDirectory).count({ account: id })) > 0) return [id]
    return yield* new AccountNotFound({ what: "account", id })
  }
  const known = (yield* (yield* AccountAdmin).listAccounts).map(({ id }) => id)
  if (known.length > 0) return known
  return yield* new OperatorError({ message: "The store lists no accounts: say whose senders by --account." })
})

/** Who the sender was added for. Its first event says it, also when the sender was removed since. */
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

/** Of an address or a domain, the form that is stored. */
export const canonicalAddress = (text: string, what: string) =>
  understood(parseEmailAddress(text, { allowTestNames: true }), what).pipe(Effect.map(({ canonical }) => canonical))
export const storedDomain = (text: string, what: string) =>
  understood(parseDomain(text, { allowTestNames: true }), what)

const understood = <A>(parsed: Result.Result<A, { readonly message: string }>, what: string) =>
  Effect.mapError(Effect.fromResult(parsed), ({ message }) => new OperatorError({ message: `${what}: ${message}` }))

const pageSize = 500

/** Every live sender of an account on a domain, in the order of the log. */
export const sendersOn = Effect.fnUntraced(function* (account: string, domain: string) {
  const { onDomain } = yield* SenderDirectory
  const found: Array<ListedSender> = []
  while (true) {
    const page = yield* onDomain(account, domain, found.at(-1)?.position ?? 0, pageSize)
    found.push(...page)
    if (page.length < pageSize) return found
  }
})

/** The live sender with this id. */
export const senderById = Effect.fnUntraced(function* (id: string) {
  const found = yield* (yield* SenderDirectory).find(yield* accountOf(id), StoredSenderId.make(id))
  if (Option.isSome(found)) return found.value
  return yield* new OperatorError({
    message: `Sender ${id} was removed; \`countersign sender history ${id}\` shows its events.`
  })
})

/** The live senders that `named` means, an id, an address or a domain: at least one. */
export const findSenders = Effect.fnUntraced(function* (named: string, account: Option.Option<string>) {
  const { page } = yield* SenderDirectory
  const ofThem = Option.isSome(account) ? ` of account ${account.value}` : ""
  if (isSenderId(named)) {
    const found = yield* senderById(named)
    if (Option.isNone(account) || account.value === found.account) return [found] as const
    return yield* new OperatorError({ message: `There is no sender ${named}${ofThem}.` })
  }
  const accounts = yield* accountsOf(account)
  const search = named.includes("@")
    ? yield* Effect.map(
        canonicalAddress(named, named),
        (canonical) => (of: string) =>
          page({ account: of, canonical, order: "oldest-first", offset: 0, limit: pageSize })
      )
    : yield* Effect.map(storedDomain(named, named), (domain) => (of: string) => sendersOn(of, domain))
  const [first, ...others] = (yield* Effect.forEach(accounts, search)).flat()
  if (first !== undefined) return [first, ...others] as const
  return yield* new OperatorError({
    message: `There is no sender ${named.includes("@") ? "" : "on "}${named}${ofThem}.`
  })
})
