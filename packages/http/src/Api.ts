/**
 * The whole HTTP API as one definition: what `/openapi.json` and `/docs` show, and what a typed client is made from.
 *
 * It can be imported without the server (`@countersign/http/api`). The handlers do not run through it; a test decodes every
 * answer of every endpoint with it, so that it cannot drift from them (see `docs/decisions/0002-http.md`).
 *
 * ```ts
 * const client = yield* HttpApiClient.make(CountersignApi, { baseUrl: "https://verify.example.com" })
 * ```
 */
import { HttpApi, OpenApi } from "effect/http-api"
import { ConfirmationGroup } from "./confirmation/Definition.ts"
import { withResponseHeaders } from "./OpenApiHeaders.ts"
import { withParameterDescriptions } from "./OpenApiParameters.ts"
import { EmailAddressesGroup } from "./opentransact/Definition.ts"
import { OperationsGroup } from "./operations/Definition.ts"
import { SenderGroup } from "./sendmachine/Definition.ts"
import { AccountEmailAddressGroup, OrganizationEmailAddressGroup } from "./space-invoices/Definition.ts"

/** Every endpoint as a definition, to make clients and documents from. */
export class CountersignApi extends HttpApi.make("countersign")
  .add(AccountEmailAddressGroup)
  .add(OrganizationEmailAddressGroup)
  .add(EmailAddressesGroup)
  .add(SenderGroup)
  .add(ConfirmationGroup)
  .add(OperationsGroup)
  .annotateMerge(
    OpenApi.annotations({
      title: "Countersign",
      version: "0.0.0",
      description:
        "Proves that a customer may send mail as an address of their domain: the owner of the mailbox confirms a mailed link, the owner of the domain publishes CNAME records.\n\nThe same senders are served in three dialects, each in the form that the clients of its vendor expect: **Space Invoices** at `/v1/email-address` and `/v1/organizations/{id}/email-address`, **OpenTransact** at `/v1/email-addresses`, **Sendmachine** at `/sender`. One access key works in all of them. Paths match in any case and with or without a slash at the end, and GET answers HEAD. Another method than a path has answers 405, with `Allow`, and an unknown path 404, both in the form of errors of the dialect that owns the path.",
      license: { name: "MIT" },
      transform: (document) => withParameterDescriptions(withResponseHeaders(document))
    })
  ) {}

export { EmailAddressDocument, EmailAddressList, EmailAddressResource } from "./opentransact/Resource.ts"
export { AddedSender, NewSender, Sender, SenderList, SenderListing } from "./sendmachine/Sender.ts"
export { EmailAddress, EmailAddressStatus } from "./space-invoices/EmailAddress.ts"
