/**
 * The five endpoints of the Sendmachine dialect as an HttpApi definition: the source of the OpenAPI document and of the
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
import { AddedSender, DeletedSender, Filters, NewSender, SenderList, SenderListing } from "./Sender.ts"

/** How a request says who calls. */
const security = {
  apiKeyBasic: HttpApiSecurity.annotate(
    HttpApiSecurity.basic,
    OpenApi.Description,
    "The API key as password. The user name may be anything."
  ),
  apiKeyBearer: HttpApiSecurity.annotate(HttpApiSecurity.bearer, OpenApi.Description, "The API key.")
} as const

export class ApiKey extends HttpApiMiddleware.Service<ApiKey>()("countersign/http/ApiKey", {
  error: ErrorSchemas.Unauthorized,
  security
}) {}

const described = <S extends Schema.Top>(schema: S, description: string) =>
  Schema.optionalKey(schema.annotate({ description }))

/** `pattern` says the bounds: a parameter is a text. Without its `u` it would not come into the OpenAPI document. */
const wholeNumber = (description: string, example: string, pattern: RegExp) =>
  Schema.optionalKey(
    Schema.String.annotate({ description, examples: [example] }).check(
      Schema.isPattern(pattern),
      Schema.isMaxCodePoints(16)
    )
  )

const listQuery = {
  status: described(
    Filters.fields.status,
    "Which senders; `all` by default. The plus of `active+pending` may be escaped or not."
  ),
  type: described(Filters.fields.type, "Addresses, whole domains, or both; `all` by default."),
  group: described(
    Filters.fields.group,
    "`none`, also when not given: a list in the order of adding; `flat`: a list ordered by domain and address; `domain`: the same as an object keyed by domain. `limit` and `offset` count senders in that order."
  ),
  limit: wholeNumber("How many senders at most: 1 to 1000; 1000 by default.", "20", /^0*(?:[1-9][0-9]{0,2}|1000)$/u),
  offset: wholeNumber("How many senders to skip; 0 by default.", "40", /^[0-9]+$/u)
}

const listing = [ErrorSchemas.BadRequest, ErrorSchemas.Fault, ErrorSchemas.Unavailable] as const
const adding = [
  ErrorSchemas.BadRequest,
  ErrorSchemas.AddConflict,
  ErrorSchemas.BodyTooLarge,
  ErrorSchemas.UnsupportedMediaType,
  ErrorSchemas.KeyReused,
  ErrorSchemas.Fault,
  ErrorSchemas.Unavailable
] as const
// The body of a DELETE is ignored, so no other one comes under the same key.
const removing = [
  ErrorSchemas.BadRequest,
  ErrorSchemas.NotFound,
  ErrorSchemas.Conflict,
  ErrorSchemas.Fault,
  ErrorSchemas.Unavailable
] as const

const newSender = [NewSender, NewSender.pipe(HttpApiSchema.asFormUrlEncoded())] as const

const summarized = (summary: string, description: string) => OpenApi.annotations({ summary, description })
const addDescription = summarized(
  "Add a sender to the account",
  "Mails a confirmation link to the address and a notice to the account's own address. A domain has no mailbox: the notice lists its DNS records, and it is active once they are published. What the account already has answers 409, and nothing is mailed."
)

/** The senders of every owner in the account. */
export class SenderGroup extends HttpApiGroup.make("sender")
  .add(
    HttpApiEndpoint.get("list", "/sender/list", {
      query: listQuery,
      success: SenderList,
      error: listing
    }).annotateMerge(summarized("List senders", "The senders of the account and of all its organizations.")),
    HttpApiEndpoint.post("add", "/sender/list", {
      headers: idempotencyHeader,
      payload: newSender,
      success: AddedSender,
      error: adding
    }).annotateMerge(addDescription),
    HttpApiEndpoint.get("listWithTotal", "/sender", {
      query: listQuery,
      success: SenderListing,
      error: listing
    }).annotateMerge(
      summarized(
        "List senders, with their number",
        "As `/sender/list`, in the form that newer clients of the dialect expect."
      )
    ),
    HttpApiEndpoint.post("addSender", "/sender", {
      headers: idempotencyHeader,
      payload: newSender,
      success: AddedSender,
      error: adding
    }).annotateMerge(addDescription),
    HttpApiEndpoint.delete("remove", "/sender/:email", {
      params: {
        email: Schema.String.annotate({
          description: "The address, or the domain of a sender of type `domain`, in any spelling.",
          examples: ["email2@example.org"]
        })
      },
      headers: idempotencyHeader,
      success: DeletedSender,
      error: removing
    }).annotateMerge(
      summarized(
        "Remove an address",
        "Removes every sender of the account with this address, those of its organizations too. Its links stop working at once. The body is ignored."
      )
    )
  )
  .middleware(ApiKey)
  .annotateMerge(
    OpenApi.annotations({
      title: "Sendmachine: senders",
      description: "The Sendmachine dialect: the senders of the account and of all its organizations."
    })
  ) {}
