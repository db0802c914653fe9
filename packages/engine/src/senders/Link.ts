/**
 * A verification link as its holder presents it: read, checked, and said what it is good for.
 */
import { checkLink, readLink as parseLink, type Sender, senderDecider } from "@countersign/core"
import { Effect, Option, Result, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { Accounts } from "../ports/Accounts.ts"
import { neverRefused, neverRepeated } from "../Refusals.ts"
import { LinkRefused } from "../SenderErrors.ts"
import { Settings } from "../Settings.ts"
import { Text } from "./UseCase.ts"

/** A genuine link: what its page shows. */
export interface LinkView {
  /** `open`: may be confirmed or declined. `verified`: was confirmed with this very link. */
  readonly state: "open" | "verified"
  readonly address: string
  readonly accountName: string
}

/** What is done with a link. `correlation` goes into the events, as a caller's does; a new one when absent. */
export const LinkInput = Schema.Struct({ token: Schema.String, correlation: Schema.optionalKey(Text) })

/** Reads the sender of a link. Whoever holds no genuine one learns nothing. */
export const makeReadGenuine = Effect.gen(function* () {
  const executor = yield* Executor
  const { linkKeys } = yield* Settings
  return Effect.fnUntraced(function* (token: string) {
    const parsed = parseLink(token)
    if (Result.isFailure(parsed)) return yield* new LinkRefused({ reason: "unknown" })
    const link = parsed.success
    const loaded = yield* executor.load(senderDecider, link.senderId)
    if (loaded.state._tag === "NotAdded" || !checkLink(linkKeys, link, loaded.state.canonical)) {
      return yield* new LinkRefused({ reason: "unknown" })
    }
    return { link, loaded, sender: loaded.state }
  })
})

/** What the page of a sender's link shows. */
export const makeShowLink = Effect.gen(function* () {
  const accounts = yield* Accounts
  return Effect.fnUntraced(function* ({ account, address }: Sender, state: LinkView["state"]) {
    const found = yield* accounts.account(account)
    const accountName = Option.match(found, { onNone: () => account, onSome: ({ name }) => name })
    return { state, address, accountName } satisfies LinkView
  })
})

/** The refusals of a link in the words of its page. */
export const refusing = (address: string) => {
  const refuse = (reason: LinkRefused["reason"]) => () => new LinkRefused({ reason, address })
  return {
    ...neverRefused,
    ...neverRepeated,
    LinkExpired: refuse("expired"),
    LinkDeclined: refuse("declined"),
    LinkVoid: refuse("void"),
    SenderNotFound: refuse("removed")
  }
}
