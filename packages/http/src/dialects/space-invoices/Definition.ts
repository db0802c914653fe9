/**
 * The ten endpoints of the Space Invoices dialect as an HttpApi definition: the source of the OpenAPI document and of
 * the typed client, and what the tests hold every answer of the handlers against. No server in here; a client may
 * import it.
 */
import { Schema } from "effect"
import {
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSchema,
  HttpApiSecurity,
  OpenApi
} from "effect/http-api"
import { idempotencyHeader } from "../../IdempotencyHeader.ts"
import { EmailAddress, EmailAddressStatus, NewEmailAddress, RemovedCount, ResendResult } from "./EmailAddress.ts"
import * as ErrorSchemas from "./ErrorSchemas.ts"

const described = (security: HttpApiSecurity.ApiKey, text: string) =>
  HttpApiSecurity.annotate(security, OpenApi.Description, text)

/** How a request says who calls. The first that is given counts: query, body, `X-Access-Token`, `Authorization`. */
export class AccessToken extends HttpApiMiddleware.Service<AccessToken>()("countersign/http/AccessToken", {
  error: ErrorSchemas.Unauthorized,
  security: {
    authorization: described(
      HttpApiSecurity.apiKey({ key: "Authorization", in: "header" }),
      "The access token without a scheme. `Bearer <token>` and `Basic <base64 of token: or of user:token>` are understood too."
    ),
    accessTokenHeader: described(HttpApiSecurity.apiKey({ key: "X-Access-Token", in: "header" }), "The access token."),
    accessTokenQuery: described(
      HttpApiSecurity.apiKey({ key: "access_token", in: "query" }),
      "The access token. The body of a POST may have it as the member `access_token` instead."
    )
  }
}) {}

const organization = {
  id: Schema.String.annotate({ description: "The organization's id.", examples: ["5f0c3a527b1e8d0a9c7d2f4e"] })
}

const reading = [ErrorSchemas.NotFound, ErrorSchemas.Fault, ErrorSchemas.Unavailable] as const
const writing = [
  ErrorSchemas.BadRequest,
  ErrorSchemas.Conflict,
  ErrorSchemas.BodyTooLarge,
  ErrorSchemas.UnsupportedMediaType,
  ErrorSchemas.Invalid,
  ErrorSchemas.Fault,
  ErrorSchemas.Unavailable
] as const
// A DELETE has no body that counts: none is too large, and no other one comes under the same key.
const removing = [ErrorSchemas.BadRequest, ErrorSchemas.Conflict, ErrorSchemas.Fault, ErrorSchemas.Unavailable] as const
const resending = [...writing, ErrorSchemas.NotFound, ErrorSchemas.TooManyRequests] as const

const newAddress = [NewEmailAddress, NewEmailAddress.pipe(HttpApiSchema.asFormUrlEncoded())] as const

const summarized = (summary: string, description: string) => OpenApi.annotations({ summary, description })
const descriptions = {
  create: summarized(
    "Add an email address",
    "Adds the address and mails its verification link. Answers 200 with the object; for an address that the scope already has, with the existing one, and no mail is sent. A new address replaces the older one once it is active."
  ),
  find: summarized("Get the email address", "The newest email address of the scope."),
  remove: summarized("Remove all email addresses of the scope", "Its links stop working at once. The body is ignored."),
  status: summarized("Get both verification statuses", "Of the newest email address of the scope."),
  resend: summarized(
    "Resend the verification mail",
    "Voids the older link and mails a new one, at most one in 60 seconds. When the mailbox is verified already, an on-demand probe runs instead. The body is ignored."
  )
}

/** The address that is used for all organizations of the account which have none of their own. */
export class AccountEmailAddressGroup extends HttpApiGroup.make("accountEmailAddress")
  .add(
    HttpApiEndpoint.post("create", "/v1/email-address", {
      headers: idempotencyHeader,
      payload: newAddress,
      success: EmailAddress,
      error: writing
    }).annotateMerge(descriptions.create),
    HttpApiEndpoint.get("find", "/v1/email-address", { success: EmailAddress, error: reading }).annotateMerge(
      descriptions.find
    ),
    HttpApiEndpoint.delete("remove", "/v1/email-address", {
      headers: idempotencyHeader,
      success: RemovedCount,
      error: removing
    }).annotateMerge(descriptions.remove),
    HttpApiEndpoint.get("status", "/v1/email-address/status", {
      success: EmailAddressStatus,
      error: reading
    }).annotateMerge(descriptions.status),
    HttpApiEndpoint.post("resend", "/v1/email-address/resend-verification", {
      headers: idempotencyHeader,
      success: ResendResult,
      error: resending
    }).annotateMerge(descriptions.resend)
  )
  .middleware(AccessToken)
  .annotateMerge(
    OpenApi.annotations({
      title: "Space Invoices: the account's address",
      description:
        "The Space Invoices dialect: the address that is used for every organization of the account that has no active address of its own."
    })
  ) {}

/** The address that is used for one organization. */
export class OrganizationEmailAddressGroup extends HttpApiGroup.make("organizationEmailAddress")
  .add(
    HttpApiEndpoint.post("create", "/v1/organizations/:id/email-address", {
      params: organization,
      headers: idempotencyHeader,
      payload: newAddress,
      success: EmailAddress,
      error: writing
    }).annotateMerge(descriptions.create),
    HttpApiEndpoint.get("find", "/v1/organizations/:id/email-address", {
      params: organization,
      success: EmailAddress,
      error: reading
    }).annotateMerge(descriptions.find),
    HttpApiEndpoint.delete("remove", "/v1/organizations/:id/email-address", {
      params: organization,
      headers: idempotencyHeader,
      success: RemovedCount,
      error: removing
    }).annotateMerge(descriptions.remove),
    HttpApiEndpoint.get("status", "/v1/organizations/:id/email-address/status", {
      params: organization,
      success: EmailAddressStatus,
      error: reading
    }).annotateMerge(descriptions.status),
    HttpApiEndpoint.post("resend", "/v1/organizations/:id/email-address/resend-verification", {
      params: organization,
      headers: idempotencyHeader,
      success: ResendResult,
      error: resending
    }).annotateMerge(descriptions.resend)
  )
  .middleware(AccessToken)
  .annotateMerge(
    OpenApi.annotations({
      title: "Space Invoices: an organization's address",
      description: "The Space Invoices dialect: the address that is used for this organization only."
    })
  ) {}
