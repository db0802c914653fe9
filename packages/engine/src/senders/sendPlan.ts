/**
 * Which From a mail may have now, and what it is signed with. Asked before each mail.
 */
import { OrganizationId } from "@countersign/core"
import { Effect, Schema } from "effect"
import { SendPlans } from "../sending/SendPlans.ts"
import { Caller, storable, Text, untracedUseCase } from "./UseCase.ts"

export const sendPlan = untracedUseCase(
  Schema.Struct({
    account: Caller.fields.account,
    organization: Schema.optionalKey(OrganizationId.check(storable)),
    /** The address that the From header should have. The effective sender's when absent. */
    from: Schema.optionalKey(Text)
  }),
  Effect.map(SendPlans, ({ plan }) => plan)
)
