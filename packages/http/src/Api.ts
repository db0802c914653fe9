/**
 * The whole HTTP API as one definition: what a typed client is made from, and what `/openapi.json` and `/docs` show of
 * an application that serves all of it.
 *
 * It can be imported without the server (`@countersign/http/api`). The handlers do not run through it; a test decodes
 * every answer of every endpoint with it, so that it cannot drift from them (see `docs/decisions/0002-http.md`).
 *
 * ```ts
 * const client = yield* HttpApiClient.make(CountersignApi, { baseUrl: "https://verify.example.com" })
 * ```
 */
import { HttpApi } from "effect/http-api"
import { apiAnnotations } from "./ApiAnnotations.ts"
import { ConfirmationGroup } from "./confirmation/Definition.ts"
import { SendersGroup } from "./dialects/native/Definition.ts"
import { EmailAddressesGroup } from "./dialects/opentransact/Definition.ts"
import { SenderGroup } from "./dialects/sendmachine/Definition.ts"
import { AccountEmailAddressGroup, OrganizationEmailAddressGroup } from "./dialects/space-invoices/Definition.ts"
import { OperationsGroup } from "./operations/Definition.ts"

/** Every endpoint as a definition, to make clients and documents from. */
export class CountersignApi extends HttpApi.make("countersign")
  .add(SendersGroup)
  .add(AccountEmailAddressGroup)
  .add(OrganizationEmailAddressGroup)
  .add(EmailAddressesGroup)
  .add(SenderGroup)
  .add(ConfirmationGroup)
  .add(OperationsGroup)
  .annotateMerge(apiAnnotations) {}

export { DnsReport } from "./dialects/native/DnsReport.ts"
export { Sender as NativeSender, SenderPage } from "./dialects/native/Sender.ts"
export { SendPlan } from "./dialects/native/SendPlan.ts"
export { Timeline } from "./dialects/native/Timeline.ts"
export { EmailAddressDocument, EmailAddressList, EmailAddressResource } from "./dialects/opentransact/Resource.ts"
export { AddedSender, NewSender, Sender, SenderList, SenderListing } from "./dialects/sendmachine/Sender.ts"
export { EmailAddress, EmailAddressStatus } from "./dialects/space-invoices/EmailAddress.ts"
