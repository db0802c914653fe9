/**
 * The input of lists and counts: `SenderFilter` of the directory's port, checked.
 */
import { CanonicalAddress, LiveStatus, Owner, SenderKind, StoredDomainName } from "@countersign/core"
import { Schema } from "effect"
import { Caller, storable, Text } from "./UseCase.ts"

const Between = Schema.Struct({ from: Schema.optionalKey(Schema.Finite), to: Schema.optionalKey(Schema.Finite) })

export const SenderFilterInput = {
  account: Caller.fields.account,
  owner: Schema.optionalKey(Owner),
  /** Those of every organization, and not the account's own. */
  ownerType: Schema.optionalKey(Schema.Literal("Organization")),
  kind: Schema.optionalKey(SenderKind),
  statuses: Schema.optionalKey(Schema.Array(LiveStatus)),
  canonical: Schema.optionalKey(CanonicalAddress.check(storable)),
  domain: Schema.optionalKey(StoredDomainName.check(storable)),
  after: Schema.optionalKey(Schema.Int),
  /** Both bounds inclusive, in milliseconds since the epoch. */
  addedBetween: Schema.optionalKey(Between),
  updatedBetween: Schema.optionalKey(Between),
  /** Exact values of top-level metadata; all must hold. Non-strings compare by their JSON text. */
  metadata: Schema.optionalKey(Schema.Record(Text, Text))
}
