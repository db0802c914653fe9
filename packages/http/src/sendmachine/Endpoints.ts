/**
 * The five endpoints of the Sendmachine dialect. `/sender/list` is as its document says; `/sender` is the same under the path, and with
 * the members, that its newer clients know, and removes besides.
 *
 * The dialect knows no owners: it lists and removes the senders of all of them, and adds to the account. Bodies of GET and
 * DELETE are not looked at, because the official client sends the body of its last POST with them.
 */
import { accountOwner, senderNumber } from "@countersign/core"
import { Accounts, type Caller, type ListedSender, SenderNotFound, Senders } from "@countersign/engine"
import { Effect, Option } from "effect"
import { apiKey } from "../Credential.ts"
import { type Exchange, json, type Route } from "../Exchange.ts"
import { CallerUnknown, type Failure, MemberInvalid, RequestMalformed } from "../Failure.ts"
import { idempotencyOf } from "../IdempotencyKey.ts"
import { form, jsonObject, type RequestBody, readBody } from "../RequestBody.ts"
import { type ListQuery, readListQuery } from "./ListQuery.ts"
import { alreadyAdded } from "./Refusal.ts"
import type { Sender } from "./Sender.ts"

type Row = Omit<Sender, "sender_id">

const rowOf = (sender: ListedSender): Row => ({
  email: sender.address,
  type: sender.kind,
  emailtype: "both",
  status: sender.status === "active" ? "active" : "pending",
  label: ""
})

const senderOf = (sender: ListedSender): Sender => ({
  sender_id: senderNumber(sender.id),
  ...rowOf(sender)
})

/** The senders of a page in the form that was asked for. They come ordered. */
const grouped = <A>(senders: ReadonlyArray<ListedSender>, { group }: ListQuery, show: (sender: ListedSender) => A) => {
  if (group !== "domain") return senders.map(show)
  const domains = Map.groupBy(senders, ({ domain }) => domain)
  return Object.fromEntries([...domains].map(([domain, members]) => [domain, members.map(show)]))
}

/** A DELETE's body does not count, so it makes no request another one. */
const noBytes = new Uint8Array()

export const sendmachineRoutes: Effect.Effect<ReadonlyArray<Route>, never, Accounts | Senders> = Effect.gen(
  function* () {
    const accounts = yield* Accounts
    const senders = yield* Senders

    const authorize = Effect.fnUntraced(function* (exchange: Exchange) {
      const given = apiKey(exchange)
      if (Option.isNone(given)) return yield* new CallerUnknown()
      const known = yield* accounts.authenticate(given.value)
      if (Option.isNone(known)) return yield* new CallerUnknown()
      const { account, key } = known.value
      return { account: account.id, actor: `key:${key}`, correlation: exchange.correlation } satisfies Caller
    })

    const asked = Effect.fnUntraced(function* (exchange: Exchange) {
      const { account } = yield* authorize(exchange)
      const query = yield* readListQuery(exchange)
      const page = yield* senders.list({ account, ...query.matching, ...query.page })
      return { account, query, page }
    })

    const list = Effect.fnUntraced(function* (exchange: Exchange) {
      const { query, page } = yield* asked(exchange)
      return json({ senderlist: grouped(page, query, senderOf), filters: query.filters })
    })

    const listWithTotal = Effect.fnUntraced(function* (exchange: Exchange) {
      const { account, query, page } = yield* asked(exchange)
      const total = yield* senders.count({ account, ...query.matching })
      return json({ senderlist: grouped(page, query, rowOf), total })
    })

    const add = (path: "/sender/list" | "/sender") =>
      Effect.fnUntraced(function* (exchange: Exchange) {
        const { bytes, members } = yield* readBody(exchange.request, [jsonObject, form])
        const caller = yield* authorize(exchange)
        const idempotency = yield* idempotencyOf(exchange, path, bytes)
        const kind = yield* text(members, "type")
        if (kind !== "email" && kind !== "domain") {
          return yield* new RequestMalformed({ problem: "The member type must be email or domain." })
        }
        const { created, sender } = yield* senders.add(
          { ...caller, ...idempotency },
          { owner: accountOwner, kind, address: yield* text(members, "address"), notifyAccount: true }
        )
        if (!created) return alreadyAdded
        return json({ sender: { address: sender.address, type: sender.kind }, status: "added" })
      })

    const remove = Effect.fnUntraced(function* (exchange: Exchange) {
      const email = exchange.params.email ?? ""
      const caller = yield* authorize(exchange)
      const idempotency = yield* idempotencyOf(exchange, `/sender/${email}`, noBytes)
      const { count } = yield* senders.removeAddress({ ...caller, ...idempotency }, email)
      return count === 0 ? yield* new SenderNotFound() : json({ status: "deleted" })
    })

    return [
      { method: "GET", path: "/sender/list", answer: list },
      { method: "POST", path: "/sender/list", answer: add("/sender/list") },
      { method: "GET", path: "/sender", answer: listWithTotal },
      { method: "POST", path: "/sender", answer: add("/sender") },
      { method: "DELETE", path: "/sender/:email", answer: remove }
    ]
  }
)

const text = (members: RequestBody["members"], member: string): Effect.Effect<string, Failure> => {
  const value = members[member]
  if (value === undefined || value === null || value === "") {
    return Effect.fail(new MemberInvalid({ member, problem: "missing" }))
  }
  return typeof value === "string"
    ? Effect.succeed(value)
    : Effect.fail(new MemberInvalid({ member, problem: "not-a-string" }))
}
