/**
 * What the relay asks of the rest of the house: who submits, and what becomes of their message now.
 */
import { AccountId } from "@countersign/core"
import { Accounts, type SendPlan, SendPlans, Settings, type StorageUnavailable } from "@countersign/engine"
import {
  type KeyFailure,
  KeyRingKeys,
  type Message,
  type MessageRefused,
  messageOctets,
  prepareMessage,
  readMessage,
  replaceFrom,
  type SigningFailed,
  signMessage
} from "@countersign/signing"
import { Clock, Effect, Option, Redacted, type Result } from "effect"
import { type Refused, refused } from "./SmtpReply.ts"

/** Whose mail it is. */
export interface Submitter {
  readonly account: string
  /** Only the senders of this organization may be used. */
  readonly organization: string | undefined
}

/** How messages are treated: a part of the relay's settings. */
export interface SubmissionRules {
  /** What becomes of a message whose From may not be used. */
  readonly fallback: "refuse" | "rewrite"
  /** Header names that signatures leave out, in lower case. */
  readonly unsigned: ReadonlyArray<string>
}

/** See the top of the file. */
export interface Submissions {
  /** None for a wrong key, and for a user that is neither the key's account nor one of its organizations. */
  readonly submitter: (
    user: string,
    key: Redacted.Redacted
  ) => Effect.Effect<Option.Option<Submitter>, StorageUnavailable>
  readonly read: (octets: Uint8Array) => Effect.Effect<Message, Refused>
  /** The message as it is sent. `id` is for a Message-ID, where there is none. */
  readonly signed: (
    message: Message,
    submitter: Submitter,
    id: string
  ) => Effect.Effect<Uint8Array, Refused | SigningFailed | KeyFailure>
}

export const makeSubmissions = Effect.fnUntraced(function* (rules: SubmissionRules) {
  const accounts = yield* Accounts
  const plans = yield* SendPlans
  const keys = yield* KeyRingKeys
  const { allowTestNames } = yield* Settings

  const submitter: Submissions["submitter"] = Effect.fnUntraced(function* (user, key) {
    const found = yield* accounts.authenticate(key)
    if (Option.isNone(found)) return Option.none()
    const { id } = found.value.account
    if (user === id) return Option.some({ account: id, organization: undefined })
    const organization = yield* accounts.organization(id, user)
    return Option.map(organization, () => ({ account: id, organization: user }))
  })

  const orRefused = <A>(read: Result.Result<A, MessageRefused>) =>
    Effect.mapError(Effect.fromResult(read), ({ enhancedCode, message }) => refused(550, `${enhancedCode} ${message}`))

  const signed: Submissions["signed"] = Effect.fnUntraced(function* (message, submitter, id) {
    const { account, organization } = submitter
    const plan = yield* plans.plan({ account: AccountId.make(account), organization, from: message.from.delivery })
    const from = yield* allowed(plan, rules.fallback)
    const sent = from === undefined ? message : yield* orRefused(replaceFrom(message, from, { allowTestNames }))
    const { sign } = plan
    const key = sign === undefined ? undefined : yield* keys.privateKey(sign.slot)
    const at = yield* Clock.currentTimeMillis
    const prepared = prepareMessage(sent, { domain: sign?.domain, at, id })
    if (sign === undefined || key === undefined) return messageOctets(prepared)
    // The key may have taken longer than the plan holds.
    if (at > plan.validUntil) return yield* signed(message, submitter, id)
    const { domain, selector } = sign
    const privateKey = Redacted.value(key)
    return yield* signMessage(prepared, { domain, selector, privateKey, at, unsigned: rules.unsigned })
  })

  return {
    submitter,
    read: (octets) => orRefused(readMessage(octets, { allowTestNames })),
    signed
  } satisfies Submissions
})

/** The From to use instead, if any. */
const allowed = ({ from, replyTo, reason, obstacles: [obstacle] }: SendPlan, fallback: SubmissionRules["fallback"]) => {
  // It will be another answer soon: nothing is refused for good, and nothing rewritten.
  if (obstacle?.code === "storage-unavailable") return Effect.fail(refused(451, `4.3.0 ${obstacle.message}`))
  if (reason === "active") return Effect.undefined
  return fallback === "rewrite" && from !== undefined
    ? Effect.succeed({ from, replyTo })
    : Effect.fail(refused(550, `5.7.1 ${obstacle?.message ?? "This From address may not be used."}`))
}
