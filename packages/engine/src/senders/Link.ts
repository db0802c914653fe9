/**
 * A verification link as its holder presents it: read, authenticated, and said what it is good for.
 */
import { checkLink, readLink as parseLink, type Sender, senderDecider } from "@countersign/core"
import { Effect, Option, Result, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { Accounts } from "../ports/Accounts.ts"
import { neverRefused, neverRepeated } from "../Refusals.ts"
import { LinkRefused } from "../SenderErrors.ts"
import { Settings } from "../Settings.ts"
import { Text } from "./UseCase.ts"

/** Whom a genuine link is about. */
export interface LinkTarget {
  readonly address: string
  readonly accountName: string
}

/** A genuine link: what its page shows. */
export interface LinkView extends LinkTarget {
  /** `open`: may be confirmed or declined. `verified`: was confirmed with this very link. */
  readonly state: "open" | "verified"
}

/** What pressing a button came to. */
export interface LinkOutcome extends LinkTarget {
  readonly state: "verified" | "declined"
  /** Whether this very call made it so. */
  readonly changed: boolean
}

/** What is done with a link. `correlation` goes into the events, as a caller's does; a new one when absent. */
export const LinkInput = Schema.Struct({ token: Schema.String, correlation: Schema.optionalKey(Text) })

/** Reads a link and its sender. Whoever holds no genuine link learns nothing. */
export const makeAuthenticateLink = Effect.gen(function* () {
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

/** Finds whom a sender's link is about. */
export const makeFindTarget = Effect.gen(function* () {
  const accounts = yield* Accounts
  return Effect.fnUntraced(function* ({ account, address }: Sender) {
    const found = yield* accounts.account(account)
    const accountName = Option.match(found, { onNone: (): string => account, onSome: ({ name }) => name })
    return { address, accountName } satisfies LinkTarget
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
