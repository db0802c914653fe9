/**
 * What the clients of a stressed installation ask for, as plain data, and how a process does it.
 */
import type { Owner } from "@countersign/core"
import type { Caller, Senders } from "@countersign/engine"
import { Effect, Option } from "effect"

/** One request. `key` is its idempotency key, the same in every repetition. */
export type Act =
  | {
      readonly act: "add"
      readonly account: string
      readonly key: string
      readonly owner: Owner
      readonly kind: "email" | "domain"
      readonly address: string
      readonly notifyAccount: boolean
    }
  | { readonly act: "resend" | "remove"; readonly account: string; readonly key: string; readonly sender: string }
  | { readonly act: "removeAll"; readonly account: string; readonly key: string; readonly owner: Owner }
  | { readonly act: "removeAddress"; readonly account: string; readonly key: string; readonly address: string }
  | { readonly act: "check" | "get" | "history"; readonly account: string; readonly sender: string }
  | { readonly act: "list" | "effective"; readonly account: string }
  | { readonly act: "confirm" | "decline"; readonly token: string }

/** What an act came to. The same of every repetition of an act with a key. */
export type Answer =
  | { readonly _tag: "Done"; readonly value: unknown }
  /** The request was understood and refused, such as `TooSoon`. */
  | { readonly _tag: "Refused"; readonly error: string }
  /** Not answered: worth repeating. */
  | { readonly _tag: "TryAgain"; readonly error: string }
  /** What must not happen. */
  | { readonly _tag: "Broken"; readonly error: string }

/** What `add` answers, as far as it never changes. */
export interface AddedValue {
  readonly created: boolean
  readonly sender: string
  readonly incarnation: number
  readonly addedAt: number
}

const passing = new Set(["StorageUnavailable", "OutcomeUnknown", "Overloaded", "CommandInFlight"])

const run = (senders: Senders["Service"], act: Act): Effect.Effect<unknown, { readonly _tag: string }> => {
  const caller = (account: string, key?: string): Caller => ({
    account,
    actor: "key:stress",
    correlation: "stress",
    ...(key === undefined ? {} : { idempotency: { key, fingerprint: act.act } })
  })
  switch (act.act) {
    case "add": {
      const { owner, kind, address, notifyAccount } = act
      return Effect.map(
        senders.add({
          ...caller(act.account, act.key),
          owner,
          kind,
          address,
          notifyAccount,
          metadata: { by: act.key }
        }),
        ({ created, sender: { id: sender, incarnation, addedAt } }): AddedValue => ({
          created,
          sender,
          incarnation,
          addedAt
        })
      )
    }
    case "resend":
      return senders.resend({ ...caller(act.account, act.key), id: act.sender })
    case "remove":
      return senders.remove({ ...caller(act.account, act.key), id: act.sender })
    case "removeAll":
      return senders.removeAll({ ...caller(act.account, act.key), owner: act.owner })
    case "removeAddress":
      return senders.removeAddress({ ...caller(act.account, act.key), address: act.address })
    case "check":
      return senders.probe({ ...caller(act.account), id: act.sender })
    case "get":
      return Effect.map(senders.get({ account: act.account, id: act.sender }), ({ id }) => id)
    case "history":
      return Effect.map(senders.history({ account: act.account, id: act.sender }), ({ length }) => length)
    case "list":
      return Effect.map(
        senders.list({ account: act.account, order: "newest-first", offset: 0, limit: 20 }),
        ({ length }) => length
      )
    case "effective":
      return Effect.map(senders.effective({ account: act.account }), Option.isSome)
    case "confirm":
      return Effect.map(senders.confirm({ token: act.token }), ({ address }) => address)
    case "decline":
      return Effect.map(senders.decline({ token: act.token }), ({ address }) => address)
  }
}

/** Does what is asked, and tells every end of it. */
export const perform = (senders: Senders["Service"], act: Act): Effect.Effect<Answer> =>
  run(senders, act).pipe(
    Effect.map((value): Answer => ({ _tag: "Done", value: value ?? null })),
    Effect.catch((error) =>
      Effect.succeed<Answer>(
        passing.has(error._tag)
          ? { _tag: "TryAgain", error: `${error._tag}: ${error instanceof Error ? error.message : ""}` }
          : { _tag: "Refused", error: error._tag }
      )
    ),
    Effect.catchCause((cause) => Effect.succeed<Answer>({ _tag: "Broken", error: String(cause) }))
  )
