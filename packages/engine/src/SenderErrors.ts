/**
 * What a use case may answer besides success. Each is a value that an edge turns into its own words.
 */
import { Schema } from "effect"
import type { OutcomeUnknown, StorageUnavailable } from "./ports/EventStore.ts"

/** The address or domain cannot be a sender. `code` is stable, `message` says what is wrong in one sentence. */
export class AddressRefused extends Schema.TaggedError<AddressRefused>()("AddressRefused", {
  code: Schema.String,
  message: Schema.String
}) {}

/** No live sender of that account. Says the same of one that is another account's. */
export class SenderNotFound extends Schema.TaggedError<SenderNotFound>()("SenderNotFound", {}) {
  override get message(): string {
    return "there is no such sender"
  }
}

/** Worth trying again after `retryAfter` milliseconds. */
export class TooSoon extends Schema.TaggedError<TooSoon>()("TooSoon", { retryAfter: Schema.Number }) {
  override get message(): string {
    return `not before ${Math.ceil(this.retryAfter / 1_000)} seconds have passed`
  }
}

/** The idempotency key was used for another request. */
export class CommandIdReused extends Schema.TaggedError<CommandIdReused>()("CommandIdReused", {}) {
  override get message(): string {
    return "the idempotency key was used for another request"
  }
}

/** The first request with this idempotency key is still running. */
export class CommandInFlight extends Schema.TaggedError<CommandInFlight>()("CommandInFlight", {}) {
  override get message(): string {
    return "the first request with this idempotency key is still running"
  }
}

/** More is waiting than the queue holds; nothing was written. */
export class Overloaded extends Schema.TaggedError<Overloaded>()("Overloaded", { retryAfter: Schema.Number }) {
  override get message(): string {
    return "too much is waiting to be written"
  }
}

/**
 * The input is not of its form, or holds what no store can keep: NUL, lone surrogates, or more than the size limit.
 * `member` is the path of the one at fault, for example `owner.organization`.
 */
export class InvalidData extends Schema.TaggedError<InvalidData>()("InvalidData", {
  problem: Schema.String,
  member: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return this.problem
  }
}

/** Why a verification link does not work. `address` is given when the link is genuine. */
export class LinkRefused extends Schema.TaggedError<LinkRefused>()("LinkRefused", {
  reason: Schema.Literals(["unknown", "void", "expired", "declined", "removed"]),
  address: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `the link is ${this.reason}`
  }
}

/** What any write may fail with, whoever asks. */
export type WriteFailure = StorageUnavailable | OutcomeUnknown | Overloaded | InvalidData

/** What a write with an idempotency key may fail with besides. */
export type ReceiptFailure = CommandIdReused | CommandInFlight
