/**
 * What a failure is told in, one sentence for a person: the words of the problem documents, and of each dialect that has none of its own for it.
 */
import { type Failure, retryAfterSeconds } from "./Failure.ts"

/** Quotes nothing of the request but the name of a member. */
export const sentenceOf = (failure: Failure): string => {
  switch (failure._tag) {
    case "RouteUnknown":
      return "There is nothing at this path."
    case "SenderNotFound":
      return "There is no such sender."
    case "LinkRefused":
      return linkSentences[failure.reason]
    case "MethodUnknown":
      return `The path has other methods: ${failure.allow.join(", ")}.`
    case "CallerUnknown":
      return "Send the access token of an account."
    case "BodyTooLarge":
      return `The body may have at most ${failure.limit} bytes.`
    case "MediaTypeUnknown":
      return `Send the body as ${failure.accepted.join(" or ")}, in UTF-8 and not compressed.`
    case "RequestMalformed":
      return failure.problem
    case "MemberInvalid":
      return `The member ${failure.member} is ${failure.problem === "missing" ? "missing" : "not a string"}.`
    case "AddressRefused":
      return failure.message
    case "InvalidData":
      return "The request holds a value that cannot be stored."
    case "CommandIdReused":
      return "The Idempotency-Key was used for another request."
    case "CommandInFlight":
      return "A request with this Idempotency-Key is still being worked on."
    case "TooSoon":
      return `Try again in ${retryAfterSeconds(failure.retryAfter)} seconds.`
    case "StorageUnavailable":
    case "OutcomeUnknown":
    case "Overloaded":
      return "The service is not available just now: try again in a few seconds."
    case "Unexpected":
      return "Something went wrong here; nothing is wrong with the request."
  }
}

const linkSentences = {
  unknown: "The link is not one of ours, or it is damaged.",
  void: "A newer link was mailed; this one is void.",
  expired: "The link has expired.",
  declined: "The owner of the mailbox declined.",
  removed: "The address was removed."
} as const
