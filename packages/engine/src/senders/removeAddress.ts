/**
 * Removing every sender of an account with one address, whichever owner's.
 */
import { canonicalDomain, parseDomain, parseEmailAddress } from "@countersign/core"
import { Effect, Result, Schema } from "effect"
import { Settings } from "../Settings.ts"
import { makeRemoval } from "./Removal.ts"
import { Caller, useCase } from "./UseCase.ts"

export const removeAddress = useCase(
  "removeAddress",
  Schema.Struct({
    ...Caller.fields,
    /** However it is spelt. A domain names the sender of the whole domain. */
    address: Schema.String
  }),
  Effect.gen(function* () {
    const { removeFound, removeThese } = yield* makeRemoval
    const { allowTestNames } = yield* Settings
    return ({ address, ...caller }) => {
      const canonical = address.includes("@")
        ? Result.map(parseEmailAddress(address, { allowTestNames }), (parsed) => parsed.canonical)
        : Result.map(parseDomain(address, { allowTestNames }), canonicalDomain)
      // What cannot be a sender is none.
      return Result.isFailure(canonical)
        ? removeThese(caller, [], "requested")
        : removeFound(caller, { canonical: canonical.success })
    }
  })
)
