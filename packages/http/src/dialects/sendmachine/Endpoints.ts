/**
 * The five endpoints of the Sendmachine dialect. `/sender/list` is as its document says; `/sender` is the same under
 * the path, and with the members, that its newer clients know, and removes besides.
 *
 * The dialect knows no owners: it lists and removes the senders of all of them, and adds to the account. Bodies of GET
 * and DELETE are not looked at, because the official client sends the body of its last POST with them.
 */
import { accountOwner, senderNumber } from "@countersign/core"
import { type ListedSender, SenderNotFound, Senders } from "@countersign/engine"
import { Effect } from "effect"
import type { Authorize, Dialect } from "../../Dialect.ts"
import { type Failure, MemberInvalid, RequestMalformed } from "../../Failure.ts"
import { idempotencyOf } from "../../IdempotencyKey.ts"
import { form, jsonObject, type RequestBody, readBody } from "../../RequestBody.ts"
import { json } from "../../Responses.ts"
import { type Exchange, routesOf } from "../../Route.ts"
import { SenderGroup } from "./Definition.ts"
import { alreadyAdded } from "./ErrorResponse.ts"
import { type ListQuery, readListQuery } from "./ListQuery.ts"
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

export const routes: Dialect["routes"] = Effect.fnUntraced(function* (authorize: Authorize) {
  const senders = yield* Senders

  const page = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account } = yield* authorize(exchange)
    const query = yield* readListQuery(exchange)
    const found = yield* senders.list({ account, ...query.matching, ...query.page })
    return { account, query, found }
  })

  const list = Effect.fnUntraced(function* (exchange: Exchange) {
    const { query, found } = yield* page(exchange)
    return json({ senderlist: grouped(found, query, senderOf), filters: query.filters })
  })

  const listWithTotal = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account, query, found } = yield* page(exchange)
    const total = yield* senders.count({ account, ...query.matching })
    return json({ senderlist: grouped(found, query, rowOf), total })
  })

  const add = Effect.fnUntraced(function* (exchange: Exchange) {
    const { bytes, members } = yield* readBody(exchange.request, [jsonObject, form])
    const caller = yield* authorize(exchange)
    const idempotency = yield* idempotencyOf(exchange, bytes)
    const kind = yield* text(members, "type")
    if (kind !== "email" && kind !== "domain") {
      return yield* new RequestMalformed({ problem: "The member type must be email or domain." })
    }
    const { created, sender } = yield* senders.add({
      ...caller,
      ...idempotency,
      owner: accountOwner,
      kind,
      address: yield* text(members, "address"),
      notifyAccount: true
    })
    if (!created) return alreadyAdded
    return json({ sender: { address: sender.address, type: sender.kind }, status: "added" })
  })

  const remove = Effect.fnUntraced(function* (exchange: Exchange) {
    const caller = yield* authorize(exchange)
    const idempotency = yield* idempotencyOf(exchange)
    const { count } = yield* senders.removeAddress({ ...caller, ...idempotency, address: exchange.params.email ?? "" })
    return count === 0 ? yield* new SenderNotFound() : json({ status: "deleted" })
  })

  return routesOf(SenderGroup, { list, add, listWithTotal, addSender: add, remove })
})

const text = (members: RequestBody["members"], member: string): Effect.Effect<string, Failure> => {
  const value = members[member]
  if (value === undefined || value === null || value === "") {
    return Effect.fail(new MemberInvalid({ member, problem: "missing" }))
  }
  return typeof value === "string"
    ? Effect.succeed(value)
    : Effect.fail(new MemberInvalid({ member, problem: "not-a-string" }))
}
