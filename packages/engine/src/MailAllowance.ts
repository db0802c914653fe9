/**
 * The rule of the mail budget, pure: what was mailed lately, and whether one more may go now.
 *
 * Adapters of `MailBudget` ask it inside their transaction, so that every store has the same rule.
 */
import type { Budget } from "./ports/MailBudget.ts"

const hour = 60 * 60 * 1_000
const day = 24 * hour

/** How many mails may go out, counted per hour and per day of 24 hours. */
export interface MailLimits {
  /** Mails to one address, over all accounts. */
  readonly perAddressHour: number
  readonly perAddressDay: number
  /** Each account's first mail of a day to an address is outside of these, up to so many in all. */
  readonly firstMailsDay: number
  /** Mails of one account. */
  readonly perAccountHour: number
}

/** The limits that hold unless the storage is given others. */
export const defaultMailLimits: MailLimits = {
  perAddressHour: 5,
  perAddressDay: 10,
  firstMailsDay: 20,
  perAccountHour: 10_000
}

/** How far back counts matter, in milliseconds: older mails may be forgotten. */
export const budgetWindow = day

/** A mail that was granted. `at` is milliseconds since the epoch. */
export interface GrantedMail {
  readonly account: string
  readonly at: number
  /** Granted as an account's first mail of the day, outside of the address's limits. */
  readonly first: boolean
}

/** What was granted lately: all that a decision about one more mail needs. */
export interface Allowance {
  /** Granted mails to the address within `budgetWindow`, oldest first, of every account. */
  readonly toAddress: ReadonlyArray<GrantedMail>
  /** Mails of the account within the last hour, and when the oldest of them was granted. */
  readonly ofAccount: { readonly count: number; readonly oldest: number | undefined }
}

/** Whether `account` may mail to the address at `now`, and whether it does so as its first of the day. */
export const allowance = (
  { toAddress, ofAccount }: Allowance,
  account: string,
  now: number,
  limits: MailLimits
): { readonly budget: Budget; readonly first: boolean } => {
  if (ofAccount.count >= limits.perAccountHour) {
    return { budget: { _tag: "NotBefore", at: (ofAccount.oldest ?? now) + hour }, first: false }
  }
  const recent = toAddress.filter(({ at }) => at > now - day)
  const isFirst = !recent.some((mail) => mail.account === account)
  if (isFirst && recent.filter(({ first }) => first).length < limits.firstMailsDay) {
    return { budget: { _tag: "Granted" }, first: true }
  }
  const counted = recent.filter(({ first }) => !first)
  const free = Math.max(
    freeAt(counted, now, hour, limits.perAddressHour),
    freeAt(counted, now, day, limits.perAddressDay)
  )
  return { budget: free <= now ? { _tag: "Granted" } : { _tag: "NotBefore", at: free }, first: false }
}

/** When fewer than `limit` of the mails lie within the window. */
const freeAt = (mails: ReadonlyArray<GrantedMail>, now: number, window: number, limit: number): number => {
  const within = mails.filter(({ at }) => at > now - window)
  const blocking = within[within.length - limit]
  return blocking === undefined ? now : blocking.at + window
}
