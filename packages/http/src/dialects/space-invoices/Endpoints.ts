/**
 * The ten endpoints of the Space Invoices dialect: the same five for the account and for one of its organizations.
 *
 * Each finds out who calls, asks one use case, and puts its answer into the dialect's words. Bodies are read here and
 * not by the definition, because the dialect is wider than a schema: tokens inside bodies, forms, JSON types without a
 * body.
 */
import { entryBlockers, type OwnerInput } from "@countersign/core"
import { Accounts, type Caller, type ListedSender, Senders } from "@countersign/engine"
import { Effect, Option } from "effect"
import type { Authorize, Dialect } from "../../Dialect.ts"
import { CallerUnknown, type Failure, MemberInvalid } from "../../Failure.ts"
import { rememberFindings } from "../../FindingBody.ts"
import { idempotencyOf } from "../../IdempotencyKey.ts"
import { form, jsonObject, type RequestBody, readBody } from "../../RequestBody.ts"
import { json } from "../../Responses.ts"
import { type Answer, type Exchange, routesOf } from "../../Route.ts"
import { AccountEmailAddressGroup, OrganizationEmailAddressGroup } from "./Definition.ts"
import type { EmailAddress, EmailAddressStatus } from "./EmailAddress.ts"
import { domainVerificationStatus, emailVerificationStatus } from "./Status.ts"

const statusOf = (sender: ListedSender): EmailAddressStatus => ({
  emailVerificationStatus: emailVerificationStatus[sender.mailbox],
  domainVerificationStatus: domainVerificationStatus[sender.domainState]
})

const emailAddressOf = (sender: ListedSender, findings: EmailAddress["findings"]): EmailAddress => ({
  id: sender.id,
  email: sender.address,
  ...statusOf(sender),
  tokens: sender.plan.tokens,
  accountId: sender.account,
  organizationId: sender.owner._tag === "Organization" ? sender.owner.organization : null,
  createdAt: new Date(sender.addedAt).toISOString(),
  updatedAt: new Date(sender.updatedAt).toISOString(),
  status: sender.status,
  dnsRecords: sender.plan.records,
  blockers: entryBlockers(sender),
  findings
})

/** Who calls, for which scope. */
interface Scope {
  readonly caller: Caller
  readonly owner: OwnerInput
}

const theAccount: OwnerInput = { _tag: "Account" }

type Members = RequestBody["members"]

/** No sender has this id. */
const nobody = "nobody"

export const routes: Dialect["routes"] = Effect.fnUntraced(function* (authorize: Authorize) {
  const accounts = yield* Accounts
  const senders = yield* Senders
  const findingsOf = rememberFindings(senders.dns)

  const scopeOf = (exchange: Exchange, members: Members): Effect.Effect<Scope, Failure> =>
    Effect.flatMap(authorize(exchange, members), (caller): Effect.Effect<Scope, Failure> => {
      const { id } = exchange.params
      if (id === undefined) return Effect.succeed({ caller, owner: theAccount })
      // Unknown and foreign organizations answer alike, so that nobody learns what others have.
      return Effect.flatMap(accounts.organization(caller.account, id), (organization) =>
        Option.isNone(organization)
          ? Effect.fail(new CallerUnknown())
          : Effect.succeed({ caller, owner: { _tag: "Organization", organization: organization.value.id } })
      )
    })

  /** A call that changes nothing: its body, which some clients send, is not looked at. */
  const reading = (answer: (scope: Scope) => Answer) => (exchange: Exchange) =>
    Effect.flatMap(scopeOf(exchange, {}), answer)

  /** A call that changes something: it may carry an idempotency key. */
  const writing = Effect.fnUntraced(function* (
    exchange: Exchange,
    { bytes, members }: Partial<RequestBody>,
    answer: (scope: Scope, members: Members) => Answer
  ) {
    const { caller, owner } = yield* scopeOf(exchange, members ?? {})
    const idempotency = yield* idempotencyOf(exchange, bytes)
    return yield* answer({ caller: { ...caller, ...idempotency }, owner }, members ?? {})
  })
  const posting = (answer: (scope: Scope, members: Members) => Answer) => (exchange: Exchange) =>
    Effect.flatMap(readBody(exchange.request, [jsonObject, form]), (body) => writing(exchange, body, answer))
  const removing = (answer: (scope: Scope) => Answer) => (exchange: Exchange) => writing(exchange, {}, answer)

  const handlers = {
    create: posting(
      Effect.fnUntraced(function* ({ caller, owner }, members) {
        const address = yield* addressOf(members)
        const { created, sender } = yield* senders.add({ ...caller, owner, address })
        return json(emailAddressOf(sender, created ? [] : yield* findingsOf(sender)))
      })
    ),
    find: reading(
      Effect.fnUntraced(function* ({ caller, owner }) {
        const sender = yield* senders.current({ account: caller.account, owner })
        return json(emailAddressOf(sender, yield* findingsOf(sender)))
      })
    ),
    remove: removing(({ caller, owner }) =>
      Effect.map(senders.removeAll({ ...caller, owner }), ({ count }) => json({ count }))
    ),
    status: reading(({ caller, owner }) =>
      senders.current({ account: caller.account, owner }).pipe(
        // Whoever asks for the status looks at the domain, which is watched for that.
        Effect.tap(findingsOf),
        Effect.map((sender) => json(statusOf(sender)))
      )
    ),
    resend: posting(
      Effect.fnUntraced(function* ({ caller, owner }) {
        const { id } = yield* Effect.catchTag(
          senders.current({ account: caller.account, owner }),
          "SenderNotFound",
          (gone) =>
            // The address may have been removed since: a repetition is answered by the receipt of the first call.
            caller.idempotency === undefined ? Effect.fail(gone) : Effect.succeed({ id: nobody })
        )
        yield* senders.resend({ ...caller, id })
        return json({ success: true })
      })
    )
  }
  return [...routesOf(AccountEmailAddressGroup, handlers), ...routesOf(OrganizationEmailAddressGroup, handlers)]
})

/** Whether it is an address is for the engine to say; here it only has to be a text. */
const addressOf = ({ email }: Members): Effect.Effect<string, Failure> => {
  const isMissing = email === undefined || email === null || (typeof email === "string" && email.trim() === "")
  if (isMissing) return Effect.fail(new MemberInvalid({ member: "email", problem: "missing" }))
  return typeof email === "string"
    ? Effect.succeed(email)
    : Effect.fail(new MemberInvalid({ member: "email", problem: "not-a-string" }))
}
