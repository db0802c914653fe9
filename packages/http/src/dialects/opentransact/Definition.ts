/**
 * The endpoints of the OpenTransact dialect as an HttpApi definition: the source of the OpenAPI document and of the
 * typed client, and what the tests hold every answer of the handlers against. No server in here; a client may import
 * it.
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
import * as ErrorSchemas from "./ErrorSchemas.ts"
import { EmailAddressDocument, EmailAddressList, NewEmailAddressDocument } from "./Resource.ts"

const basic: HttpApiSecurity.Basic = HttpApiSecurity.annotate(
  HttpApiSecurity.basic,
  OpenApi.Description,
  "`Basic <key>`, with the access key as it is, in base64, or in base64 with a colon behind it."
)
const bearer: HttpApiSecurity.Http = HttpApiSecurity.annotate(
  HttpApiSecurity.bearer,
  OpenApi.Description,
  "`Bearer <key>`."
)

/** How a request says who calls. */
export class AccessKey extends HttpApiMiddleware.Service<AccessKey>()("countersign/http/AccessKey", {
  error: ErrorSchemas.Unauthorized,
  security: { accessKeyBasic: basic, accessKeyBearer: bearer }
}) {}

const text = (description: string, example: string) =>
  Schema.optionalKey(Schema.String.annotate({ description, examples: [example] }))

/** A parameter is a text. Without its `u` the pattern would not come into the OpenAPI document. */
const fromOne = (description: string, example: string) =>
  Schema.optionalKey(
    Schema.String.annotate({ description, examples: [example] }).check(Schema.isPattern(/^0*[1-9][0-9]*$/u))
  )

const fields = {
  "fields[email-addresses]": text(
    "The fields to show, separated by commas: `email`, `metadata`, `created-at`, `updated-at`, `owner`. Empty shows none.",
    "email,owner"
  )
}

const since = (what: string) => text(`Only what was ${what} in this second or later.`, "2024-05-01T00:00:00Z")
const until = (what: string) => text(`Only what was ${what} in this second or earlier.`, "2099-12-31T23:59:59Z")

const list = {
  "page[number]": fromOne("The page, starting at 1. A page after the last one is empty.", "1"),
  "page[size]": fromOne("Email addresses per page: 30 by default, at most 100. More is read as 100.", "30"),
  "filter[created-between][start]": since("created"),
  "filter[created-between][finish]": until("created"),
  "filter[updated-between][start]": since("updated"),
  "filter[updated-between][finish]": until("updated"),
  "filter[created_between][start]": since("created"),
  "filter[created_between][finish]": until("created"),
  "filter[updated_between][start]": since("updated"),
  "filter[updated_between][finish]": until("updated"),
  "created_between[start]": since("created"),
  "created_between[finish]": until("created"),
  "updated_between[start]": since("updated"),
  "updated_between[finish]": until("updated"),
  "filter[metadata][key]": text(
    "Only those whose metadata have this value at the top-level key that stands in place of `key`. Other values than strings compare by their JSON text. Several keys must all match.",
    "1234"
  ),
  "filter[owner-type]": Schema.optionalKey(
    Schema.Literals(["applications", "profiles"]).annotate({
      description: "Only those of the account, or of organizations."
    })
  ),
  "filter[owner-id]": text("Only those of this owner.", "4c72784e-fb2a-4858-8067-95b6e36d54c0"),
  "filter[application-id]": text(
    "The id of the account. Any other id finds nothing.",
    "4c72784e-fb2a-4858-8067-95b6e36d54c0"
  ),
  ...fields
}

const params = { id: Schema.String.annotate({ description: "The id of the email address." }) }

const always = [
  ErrorSchemas.NotAcceptable,
  ErrorSchemas.UnsupportedMediaType,
  ErrorSchemas.Fault,
  ErrorSchemas.Unavailable
] as const

const summarized = (summary: string, description: string) => OpenApi.annotations({ summary, description })

/** The email addresses of the account and of its organizations, as JSON:API 1.1. */
export class EmailAddressesGroup extends HttpApiGroup.make("emailAddresses")
  .add(
    HttpApiEndpoint.get("list", "/v1/email-addresses", {
      query: list,
      success: EmailAddressList.pipe(ErrorSchemas.asJsonApi),
      error: [ErrorSchemas.BadRequest, ErrorSchemas.Invalid, ...always]
    }).annotateMerge(
      summarized(
        "List email addresses",
        "Every owner's, domain senders too; the oldest first. Brackets may be encoded or not. Parameters that are not listed here answer 400."
      )
    ),
    HttpApiEndpoint.post("create", "/v1/email-addresses", {
      headers: idempotencyHeader,
      query: fields,
      payload: [
        NewEmailAddressDocument.pipe(ErrorSchemas.asJsonApi),
        NewEmailAddressDocument.pipe(HttpApiSchema.asJson({ contentType: "application/vnd.opentransact.v1+json" }))
      ],
      success: EmailAddressDocument.pipe(HttpApiSchema.status(201), ErrorSchemas.asJsonApi),
      error: [
        ErrorSchemas.BadRequest,
        ErrorSchemas.Forbidden,
        ErrorSchemas.NotFound,
        ErrorSchemas.Conflict,
        ErrorSchemas.BodyTooLarge,
        ErrorSchemas.Invalid,
        ...always
      ]
    }).annotateMerge(
      summarized(
        "Create an email address",
        "Adds the address and mails its verification link. Problems of 409, 403 and 404 are answered alone, in that order; all others of the document together."
      )
    ),
    HttpApiEndpoint.get("show", "/v1/email-addresses/:id", {
      params,
      query: fields,
      success: EmailAddressDocument.pipe(ErrorSchemas.asJsonApi),
      error: [ErrorSchemas.BadRequest, ErrorSchemas.NotFound, ...always]
    }).annotateMerge(
      summarized(
        "Show an email address",
        "By its id. PATCH is answered with 403 and DELETE with 405: an email address cannot be changed or deleted here."
      )
    )
  )
  .middleware(AccessKey)
  .annotateMerge(
    OpenApi.annotations({
      title: "OpenTransact: email addresses",
      description:
        "The OpenTransact dialect, JSON:API 1.1: every email address of the account and of its organizations."
    })
  ) {}
