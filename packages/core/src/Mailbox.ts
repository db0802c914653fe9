/**
 * What the owner of a mailbox told an account: "do not mail me". One stream for each account and address, whichever
 * senders of the account have the address.
 *
 * Adding a sender, asking for a link and the mail worker read it. It lasts for 30 days, and an operator may lift it.
 * What a decline does to the sender whose link it came by is that sender's own event (`VerificationDeclined`).
 */
import { createHash } from "node:crypto"
import { Brand, Schema } from "effect"
import type { Decider, Decision } from "./Decider.ts"
import { CanonicalAddress } from "./EmailAddress.ts"
import { makeEventCodec } from "./EventCodec.ts"
import { framed, uuidV8 } from "./Identity.ts"
import { AccountId } from "./Owner.ts"

/** After "this was not me", nothing is mailed for this long, in milliseconds. */
export const declinePeriod = 30 * 24 * 60 * 60 * 1_000

/** The name of a mailbox's stream: a UUID of version 8 (RFC 9562, section 5.8). */
export type MailboxId = string & Brand.Brand<"MailboxId">
const mailboxIdBrand = Brand.nominal<MailboxId>()

/**
 * The same for the same account and address in every installation: an export is read under another identity key, too.
 */
export const mailboxId = (account: AccountId, canonical: CanonicalAddress): MailboxId =>
  mailboxIdBrand(
    uuidV8(
      createHash("sha256")
        .update(framed(["mailbox", account, canonical]))
        .digest()
    )
  )

/** Version 1 of every event: its name, and what it carries besides its name. */
export const mailboxEventFields = {
  /** The owner of the mailbox wants no mail from the account before `until`. */
  MailDeclined: { at: Schema.Number, account: AccountId, canonical: CanonicalAddress, until: Schema.Number },
  /** An operator, `by`, takes the decline back: the owner of the mailbox said so by another way. */
  DeclineLifted: { at: Schema.Number, by: Schema.String }
} as const

/** One fact of a mailbox, told apart by `_tag`. Times are milliseconds since the epoch by the storage's clock. */
export const MailboxEvent = Schema.TaggedUnion(mailboxEventFields)
export type MailboxEvent = typeof MailboxEvent.Type

/** A mailbox that nobody declined for. */
export interface UnknownMailbox {
  readonly _tag: "UnknownMailbox"
}

/** The latest decline of a mailbox: nothing is mailed from `since` until `until`, unless it is lifted. */
export interface Decline {
  readonly since: number
  readonly until: number
  /** When an operator took it back, and who did. */
  readonly lifted: { readonly at: number; readonly by: string } | undefined
}

/** A mailbox whose owner declined once. */
export interface KnownMailbox {
  readonly _tag: "KnownMailbox"
  readonly account: AccountId
  readonly canonical: CanonicalAddress
  readonly decline: Decline
}

/** What the events of a mailbox come to. */
export type Mailbox = UnknownMailbox | KnownMailbox

/** The commands to a mailbox. */
export type MailboxCommand =
  | {
      readonly _tag: "DeclineMail"
      readonly at: number
      readonly account: AccountId
      readonly canonical: CanonicalAddress
    }
  | { readonly _tag: "LiftDecline"; readonly at: number; readonly by: string }

/** Why nothing happens although nothing is wrong. */
export type MailboxUnchanged = "already-declined" | "not-declined"

/** Until when the account must not mail there, in milliseconds since the epoch; `undefined` when it may at `at`. */
export const declinedUntil = (state: Mailbox, at: number): number | undefined =>
  state._tag === "KnownMailbox" && state.decline.lifted === undefined && state.decline.until > at
    ? state.decline.until
    : undefined

const evolve = (state: Mailbox, event: MailboxEvent): Mailbox => {
  switch (event._tag) {
    case "MailDeclined": {
      const { account, canonical, at: since, until } = event
      return { _tag: "KnownMailbox", account, canonical, decline: { since, until, lifted: undefined } }
    }
    case "DeclineLifted":
      return state._tag === "KnownMailbox"
        ? { ...state, decline: { ...state.decline, lifted: { at: event.at, by: event.by } } }
        : state
  }
}

const decide = (state: Mailbox, command: MailboxCommand): Decision<MailboxEvent, never, MailboxUnchanged> => {
  const { at } = command
  switch (command._tag) {
    case "DeclineMail": {
      const until = at + declinePeriod
      const { account, canonical } = command
      // Never shortens what was said before, though a clock may have gone back.
      return (declinedUntil(state, at) ?? 0) >= until
        ? { _tag: "Unchanged", because: "already-declined" }
        : { _tag: "Happened", events: [{ _tag: "MailDeclined", at, account, canonical, until }] }
    }
    case "LiftDecline":
      return declinedUntil(state, at) === undefined
        ? { _tag: "Unchanged", because: "not-declined" }
        : { _tag: "Happened", events: [{ _tag: "DeclineLifted", at, by: command.by }] }
  }
}

/** The decider of mailboxes. They have no row in the directory and no tasks. */
export const mailboxDecider: Decider<MailboxId, Mailbox, MailboxCommand, MailboxEvent, never, MailboxUnchanged> = {
  initial: { _tag: "UnknownMailbox" },
  evolve,
  decide,
  account: (state) => (state._tag === "KnownMailbox" ? state.account : undefined),
  view: () => undefined,
  react: () => [],
  codec: makeEventCodec(MailboxEvent, { MailDeclined: 1, DeclineLifted: 1 })
}
