/**
 * Signs a whole mail of an account: the rules of messages, the send plan of its From, and the key of the plan's slot.
 * A mail that may not be signed for is an error; nothing leaves here unsigned, but for the fallback where it is wanted.
 */
import { KeysServed, type Obstacle, Senders, Settings } from "@countersign/engine"
import { Clock, Effect, Redacted, Schema } from "effect"
import { signMessage } from "./DkimSignature.ts"
import { KeyRingKeys } from "./KeyRingKeys.ts"
import { messageOctets } from "./Message.ts"
import { readMessage } from "./MessageRules.ts"
import { prepareMessage } from "./PreparedMessage.ts"
import { replaceFrom } from "./ReplacedFrom.ts"

/** Whose mail it is. */
export interface MailOwner {
  readonly account: string
  /** Its own senders only; without it the account's, and those of whole domains. */
  readonly organization?: string | undefined
}

/** How mails are treated, where it is not as usual. */
export interface MailSigningRules {
  /** Header names, in lower case, that signatures leave out: the server behind us writes them anew. */
  readonly unsigned?: ReadonlyArray<string>
  /** Gives a mail that may not have its From the one of the fallback. */
  readonly rewrite?: boolean
}

/** The From of a mail may not be signed for now. */
export class FromRefused extends Schema.TaggedError<FromRefused>()("FromRefused", {
  code: Schema.String,
  /** The sentence of the obstacle. */
  message: Schema.String
}) {}

const elsewhere: Obstacle = {
  code: "signing-key-unpublished",
  message: "The signing keys are kept elsewhere: nothing is signed here."
}

/** `id` is for a Message-ID, where there is none. */
export const makeMailSigner = Effect.gen(function* () {
  const senders = yield* Senders
  const keys = yield* KeyRingKeys
  const { allowTestNames } = yield* Settings
  const isHere = yield* KeysServed

  /** The plan is no older than a second when the key is at hand, however long the key took. */
  const signedWith = Effect.fnUntraced(function* (
    { account, organization }: MailOwner,
    from: string,
    rewrite: boolean
  ) {
    while (true) {
      const owner = organization === undefined ? { account } : { account, organization }
      const { sign, obstacles, validUntil, from: allowed, replyTo } = yield* senders.sendPlan({ ...owner, from })
      if (sign === undefined || !isHere) {
        const [{ code, message } = elsewhere] = isHere ? obstacles : [elsewhere]
        // What cannot be told now is told soon: nobody's From is replaced for it.
        if (rewrite && isHere && allowed !== undefined && code !== "storage-unavailable")
          return { from: allowed, replyTo }
        return yield* new FromRefused({ code, message })
      }
      const privateKey = Redacted.value(yield* keys.privateKey(sign.slot))
      const at = yield* Clock.currentTimeMillis
      if (at <= validUntil) return { ...sign, privateKey, at }
    }
  })

  return Effect.fn("MailSigner.sign")(function* (
    octets: Uint8Array,
    owner: MailOwner,
    id: string,
    { unsigned = [], rewrite = false }: MailSigningRules = {}
  ) {
    const message = yield* Effect.fromResult(readMessage(octets, { allowTestNames }))
    const signer = yield* signedWith(owner, message.from.delivery, rewrite)
    if ("privateKey" in signer)
      return yield* signMessage(prepareMessage(message, { ...signer, id }), { ...signer, unsigned })
    const replaced = yield* Effect.fromResult(replaceFrom(message, signer, { allowTestNames }))
    return messageOctets(prepareMessage(replaced, { domain: undefined, at: yield* Clock.currentTimeMillis, id }))
  })
})
