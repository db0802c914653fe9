/**
 * The sentence for a person that each failure is answered with: the one table. A dialect overrides only what its vendor
 * fixes.
 *
 * The error schemas take their examples from it. No server in here; a client may import it.
 */
import type { AddressRefused, LinkRefused, TooSoon } from "@countersign/engine"
import { Match } from "effect"
import {
  type BodyTooLarge,
  type Failure,
  type MediaTypeUnknown,
  type MemberInvalid,
  type MethodUnknown,
  type RequestMalformed,
  retryAfterSeconds
} from "./Failure.ts"

const sendKey = () => "Send the access key of an account."
const tryAgain = () => "The service is temporarily unavailable: try again in a few seconds."

/** The messages quote nothing of the request but the name of a member. */
export const failureMessages = {
  RouteUnknown: () => "There is nothing at this path.",
  MethodUnknown: ({ allow }: Pick<MethodUnknown, "allow">) => `This path allows only: ${allow.join(", ")}.`,
  CredentialMissing: sendKey,
  CallerUnknown: sendKey,
  BodyTooLarge: ({ limit }: Pick<BodyTooLarge, "limit">) => `The body may be at most ${limit} bytes long.`,
  MediaTypeUnknown: ({ accepted }: Pick<MediaTypeUnknown, "accepted">) =>
    `Send the body as ${accepted.join(" or ")}, in UTF-8 and not compressed.`,
  RequestMalformed: ({ problem }: Pick<RequestMalformed, "problem">) => problem,
  MemberInvalid: ({ member, problem }: Pick<MemberInvalid, "member" | "problem">) =>
    `The member ${member} is ${problem === "missing" ? "missing" : "not a string"}.`,
  AddressRefused: ({ message }: Pick<AddressRefused, "message">) => message,
  InvalidData: () => "The request contains a value that cannot be stored.",
  SenderNotFound: () => "There is no such sender.",
  LinkRefused: ({ reason }: Pick<LinkRefused, "reason">) => linkMessages[reason],
  CommandIdReused: () => "The Idempotency-Key was used for another request.",
  CommandInFlight: () => "The first request with this Idempotency-Key is still running.",
  TooSoon: ({ retryAfter }: Pick<TooSoon, "retryAfter">) =>
    `A new verification mail may be requested in ${retryAfterSeconds(retryAfter)} seconds.`,
  StorageUnavailable: tryAgain,
  OutcomeUnknown: tryAgain,
  Overloaded: tryAgain,
  Unexpected: () => "Something went wrong on the server; the request is fine."
}

const linkMessages = {
  unknown: "The link is not valid. It may be incomplete.",
  void: "A newer link was mailed; this one no longer works.",
  expired: "The link has expired.",
  declined: "The owner of the mailbox declined.",
  removed: "The address was removed."
} as const

/** The sentence of a failure, where its dialect has none of its own. */
export const messageOf = (failure: Failure): string => Match.valueTags(failure, failureMessages)
