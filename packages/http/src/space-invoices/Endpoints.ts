/**
 * The ten endpoints of the Space Invoices dialect: the same five for the account and for one of its organizations.
 *
 * Each finds out who calls, asks one use case, and puts its answer into the dialect's words. Bodies are read here and not by the
 * definition, because the dialect is wider than a schema: tokens inside bodies, forms, JSON types without a body.
 */

import type { OrganizationId, Owner } from "@countersign/core"
import { Accounts, type Caller, type ListedSender, Senders } from "@countersign/engine"
import { Brand, Effect, Option } from "effect"
import { accessToken } from "../Credential.ts"
import { type Answer, type Exchange, json, type Route } from "../Exchange.ts"
import { CallerUnknown, type Failure, MemberInvalid } from "../Failure.ts"
import { idempotencyOf } from "../IdempotencyKey.ts"
import { form, jsonObject, type RequestBody, readBody } from "../RequestBody.ts"
import type { EmailAddress, EmailAddressStatus } from "./EmailAddress.ts"
import { domainVerificationWord, emailVerificationWord } from "./Words.ts"

const statusOf = (sender: ListedSender): EmailAddressStatus => ({
  emailVerificationStatus: emailVerificationWord[sender.mailbox],
  domainVerificationStatus: domainVerificationWord[sender.domainState]
})

const emailAddressOf = (sender: ListedSender): EmailAddress => ({
  id: sender.id,
  email: sender.address,
  ...statusOf(sender),
  tokens: sender.plan.tokens,
  accountId: sender.account,
  organizationId: sender.owner._tag === "Organization" ? sender.owner.organization : null,
  createdAt: new Date(sender.addedAt).toISOString(),
  updatedAt: new Date(sender.updatedAt).toISOString(),
  status: sender.status,
  dnsRecords: sender.plan.records
})

/** Who calls, for which scope. */
interface Scope {
  readonly caller: Caller
  readonly owner: Owner
}

/** The accounts know every organization by its id. */
const organizationId = Brand.nominal<OrganizationId>()

/** No sender has this id. */
const nobody = "nobody"

/** What counts of the body of a GET or DELETE, whatever it is. */
const noBody: RequestBody = { bytes: new Uint8Array(), members: {} }

export const spaceInvoicesRoutes: Effect.Effect<ReadonlyArray<Route>, never, Accounts | Senders> = Effect.gen(
  function* () {
    const accounts = yield* Accounts
    const senders = yield* Senders

    const authorize = Effect.fnUntraced(function* (exchange: Exchange, members: RequestBody["members"]) {
      const token = accessToken(exchange, members)
      if (Option.isNone(token)) return yield* new CallerUnknown()
      const known = yield* accounts.authenticate(token.value)
      if (Option.isNone(known)) return yield* new CallerUnknown()
      const { account, key } = known.value
      const caller: Caller = { account: account.id, actor: `key:${key}`, correlation: exchange.correlation }
      const id = exchange.params.id
      if (id === undefined) return { caller, owner: { _tag: "Account" } } satisfies Scope
      // Unknown and foreign organizations answer alike, so that nobody learns what others have.
      const organization = yield* accounts.organization(account.id, id)
      if (Option.isNone(organization)) return yield* new CallerUnknown()
      return {
        caller,
        owner: { _tag: "Organization", organization: organizationId(organization.value.id) }
      } satisfies Scope
    })

    /** A call that changes nothing: its body, which some clients send, is not looked at. */
    const reading = (answer: (scope: Scope) => Answer) => (exchange: Exchange) =>
      Effect.flatMap(authorize(exchange, noBody.members), answer)

    /** A call that changes something: it may carry an idempotency key, and its token in the body where one is read. */
    const writing = (
      path: string,
      read: (exchange: Exchange) => Effect.Effect<RequestBody, Failure>,
      answer: (scope: Scope, members: RequestBody["members"]) => Answer
    ) =>
      Effect.fnUntraced(function* (exchange: Exchange) {
        const { bytes, members } = yield* read(exchange)
        const { caller, owner } = yield* authorize(exchange, members)
        const idempotency = yield* idempotencyOf(exchange, path.replace(":id", exchange.params.id ?? ""), bytes)
        return yield* answer({ caller: { ...caller, ...idempotency }, owner }, members)
      })
    const posted = ({ request }: Exchange) => readBody(request, [jsonObject, form])
    const ignored = () => Effect.succeed(noBody)

    const emailAddress = (prefix: "/v1" | "/v1/organizations/:id"): ReadonlyArray<Route> => {
      const path = `${prefix}/email-address` as const
      return [
        {
          method: "POST",
          path,
          answer: writing(
            path,
            posted,
            Effect.fnUntraced(function* ({ caller, owner }, members) {
              const address = yield* addressOf(members)
              const { sender } = yield* senders.add(caller, { owner, address })
              return json(emailAddressOf(sender))
            })
          )
        },
        {
          method: "GET",
          path,
          answer: reading(({ caller, owner }) =>
            Effect.map(senders.current(caller.account, owner), (sender) => json(emailAddressOf(sender)))
          )
        },
        {
          method: "DELETE",
          path,
          answer: writing(path, ignored, ({ caller, owner }) =>
            Effect.map(senders.removeAll(caller, owner), ({ count }) => json({ count }))
          )
        },
        {
          method: "GET",
          path: `${path}/status`,
          answer: reading(({ caller, owner }) =>
            Effect.map(senders.current(caller.account, owner), (sender) => json(statusOf(sender)))
          )
        },
        {
          method: "POST",
          path: `${path}/resend-verification`,
          answer: writing(
            `${path}/resend-verification`,
            posted,
            Effect.fnUntraced(function* ({ caller, owner }) {
              const { id } = yield* Effect.catchTag(senders.current(caller.account, owner), "SenderNotFound", (gone) =>
                // The address may have been removed since: a repetition is answered by the receipt of the first call.
                caller.idempotency === undefined ? Effect.fail(gone) : Effect.succeed({ id: nobody })
              )
              yield* senders.resend(caller, id)
              return json({ success: true })
            })
          )
        }
      ]
    }

    return [...emailAddress("/v1"), ...emailAddress("/v1/organizations/:id")]
  }
)

/** Whether it is an address is for the engine to say; here it only has to be a text. */
const addressOf = (members: RequestBody["members"]): Effect.Effect<string, Failure> => {
  const address = members.email
  if (address === undefined || address === null) {
    return Effect.fail(new MemberInvalid({ member: "email", problem: "missing" }))
  }
  if (typeof address !== "string") {
    return Effect.fail(new MemberInvalid({ member: "email", problem: "not-a-string" }))
  }
  return address.trim() === ""
    ? Effect.fail(new MemberInvalid({ member: "email", problem: "missing" }))
    : Effect.succeed(address)
}
