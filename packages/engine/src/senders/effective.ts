/**
 * The From address that may be used now.
 */
import { accountOwner, OrganizationId, type Owner } from "@countersign/core"
import { Effect, Option, Schema } from "effect"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { Caller, storable, useCase } from "./UseCase.ts"

export const effective = useCase(
  "effective",
  Schema.Struct({ account: Caller.fields.account, organization: Schema.optionalKey(OrganizationId.check(storable)) }),
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    // An older active sender stays effective until a newer one is active too.
    return Effect.fnUntraced(function* ({ account, organization }) {
      const owners: ReadonlyArray<Owner> =
        organization === undefined ? [accountOwner] : [{ _tag: "Organization", organization }, accountOwner]
      for (const owner of owners) {
        const [newest] = yield* directory.page({
          account,
          owner,
          kind: "email",
          statuses: ["active"],
          order: "newest-first",
          offset: 0,
          limit: 1
        })
        if (newest !== undefined) return Option.some(newest)
      }
      return Option.none()
    })
  })
)
