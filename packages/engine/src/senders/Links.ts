/**
 * Verification links: asking for a new one, and what the one who holds it may do.
 */
import {
  checkLink,
  decide,
  declinePeriod,
  readLink as parseLink,
  probeTask,
  type Rejection,
  type Sender
} from "@countersign/core"
import { Effect, Option, Result } from "effect"
import { Executor } from "../Executor.ts"
import { Accounts } from "../ports/Accounts.ts"
import { MailBudget, mailboxHash } from "../ports/MailBudget.ts"
import { TaskQueue } from "../ports/TaskQueue.ts"
import { LinkRefused, SenderNotFound, TooSoon } from "../SenderErrors.ts"
import type { Caller, LinkView } from "../Senders.ts"
import { Settings } from "../Settings.ts"
import { type Commands, rejectionOf } from "./Commands.ts"

/** The least time between two looks at a domain that somebody asked for, in milliseconds. */
const checkSpacing = 10_000

export const makeLinks = (commands: Commands) =>
  Effect.gen(function* () {
    const executor = yield* Executor
    const queue = yield* TaskQueue
    const accounts = yield* Accounts
    const budget = yield* MailBudget
    const { linkKeys } = yield* Settings

    const resend = Effect.fn("Senders.resend")(function* (caller: Caller, sender: string) {
      const [outcome] = yield* commands.run(caller, [
        {
          sender,
          command: Effect.fnUntraced(function* ({ at, state }) {
            const declinedUntil =
              state._tag === "Sender"
                ? yield* budget.silencedUntil({ account: caller.account, addressHash: mailboxHash(state.canonical) })
                : undefined
            return {
              _tag: "RequestLink",
              at,
              verificationId: yield* commands.nextId,
              ...(declinedUntil === undefined ? {} : { declinedUntil })
            }
          })
        }
      ])
      const rejection = rejectionOf(outcome?.done?.decision)
      if (rejection?._tag === "TooSoon") return yield* new TooSoon({ retryAfter: rejection.retryAfter })
      if (rejection !== undefined) return yield* new SenderNotFound()
      // Nothing to confirm any more. A repetition asks too, since the first call may have ended before it did.
      if (outcome?.happened === false)
        yield* Effect.catchTag(check(caller, sender), "SenderNotFound", () => Effect.void)
    })

    const check = Effect.fn("Senders.check")(function* (caller: Caller, sender: string) {
      const { state, at } = yield* own(caller.account, sender)
      yield* queue.put(probeTask(state.account, state.domain, at, checkSpacing))
    })

    /** A live sender of the account. */
    const own = Effect.fnUntraced(function* (account: string, sender: string) {
      const { state, at } = yield* executor.load(sender)
      if (state._tag === "NotAdded" || state.removed || state.account !== account) return yield* new SenderNotFound()
      return { state, at }
    })

    /** The sender of a genuine link. Whoever holds no genuine one learns nothing. */
    const genuine = Effect.fnUntraced(function* (token: string) {
      const parsed = parseLink(token)
      if (Result.isFailure(parsed)) return yield* new LinkRefused({ reason: "unknown" })
      const link = parsed.success
      const { state, at } = yield* executor.load(link.senderId)
      if (state._tag === "NotAdded" || !checkLink(linkKeys, link, state.canonical)) {
        return yield* new LinkRefused({ reason: "unknown" })
      }
      return { state, at, link }
    })

    const readLink = Effect.fn("Senders.readLink")(function* (token: string) {
      const { state, at, link } = yield* genuine(token)
      const { address } = state
      if (state.removed) return yield* new LinkRefused({ reason: "removed", address })
      if (state.link?.verificationId !== link.verificationId) return yield* new LinkRefused({ reason: "void", address })
      if (state.mailbox === "verified") return yield* show(state, "verified")
      if (state.mailbox === "declined") return yield* new LinkRefused({ reason: "declined", address })
      if (state.mailbox === "expired" || at >= state.link.expiresAt) {
        return yield* new LinkRefused({ reason: "expired", address })
      }
      return yield* show(state, "open")
    })

    const show = Effect.fnUntraced(function* (state: Sender, linkState: LinkView["state"]) {
      const account = yield* accounts.account(state.account)
      const accountName = Option.match(account, { onNone: () => state.account, onSome: ({ name }) => name })
      return { state: linkState, address: state.address, accountName } satisfies LinkView
    })

    /** What the mailbox's owner does with a link. */
    const use = Effect.fnUntraced(function* (
      tag: "ConfirmLink" | "DeclineLink",
      token: string,
      correlation: string | undefined
    ) {
      const { state, link } = yield* genuine(token)
      const caller: Caller = {
        account: state.account,
        actor: "mailbox",
        correlation: correlation ?? (yield* commands.nextId)
      }
      const { verificationId } = link
      const outcomes = yield* Effect.catchTags(
        commands.run(caller, [
          { sender: link.senderId, command: ({ at }) => Effect.succeed({ _tag: tag, at, verificationId }) }
        ]),
        // No idempotency key is given, so neither can be.
        { CommandIdReused: Effect.die, CommandInFlight: Effect.die }
      )
      const rejection = rejectionOf(outcomes[0]?.done?.decision)
      if (rejection !== undefined) return yield* refuse(rejection, state.address)
      return state
    })

    const confirm = Effect.fn("Senders.confirm")(function* (token: string, correlation?: string) {
      return yield* show(yield* use("ConfirmLink", token, correlation), "verified")
    })

    const decline = Effect.fn("Senders.decline")(function* (token: string, correlation?: string) {
      const { state, at, link } = yield* genuine(token)
      const { account, canonical, address } = state
      const { verificationId } = link
      // It binds the whole account, whichever owner asked. Silence comes first: a process that ends in between has
      // mailed too little, not too much.
      if (decide(state, { _tag: "DeclineLink", at, verificationId })._tag === "Happened") {
        yield* budget.silence({ account, addressHash: mailboxHash(canonical), until: at + declinePeriod })
      }
      yield* use("DeclineLink", token, correlation)
      return { address }
    })

    return { resend, check, readLink, confirm, decline }
  })

const refuse = (rejection: Rejection, address: string): LinkRefused => {
  switch (rejection._tag) {
    case "LinkExpired":
      return new LinkRefused({ reason: "expired", address })
    case "LinkDeclined":
      return new LinkRefused({ reason: "declined", address })
    case "LinkVoid":
      return new LinkRefused({ reason: "void", address })
    default:
      return new LinkRefused({ reason: "removed", address })
  }
}
