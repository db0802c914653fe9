/**
 * The error documents of the OpenTransact dialect, one schema per status. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { failureMessages } from "../../FailureMessage.ts"
import * as ErrorObject from "./ErrorObject.ts"

/** As in `MediaType.ts`, which belongs to the server. */
export const asJsonApi = HttpApiSchema.asJson({ contentType: "application/vnd.api+json" })

const ErrorSource = Schema.Struct({
  pointer: Schema.optionalKey(Schema.String.annotate({ description: "Into the document (RFC 6901)." })),
  parameter: Schema.optionalKey(Schema.String.annotate({ description: "The query parameter, as it was sent." })),
  header: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "ErrorSource", description: "What caused the error: it is there in the request." })

/** The members that every occurrence has. */
const plain = ({ code, title, detail }: Pick<ErrorObject.ErrorObject, "title" | "detail" | "code">) => ({
  ...(code === undefined ? {} : { code }),
  title,
  detail
})

const errors = <const S extends `${number}`>(
  status: S,
  description: string,
  example: Pick<ErrorObject.ErrorObject, "title" | "detail" | "code">
) =>
  Schema.Struct({
    errors: Schema.NonEmptyArray(
      Schema.Struct({
        status: Schema.Literal(status),
        code: Schema.optionalKey(Schema.String.annotate({ description: "The vendor's code, where there is one." })),
        title: Schema.String,
        detail: Schema.String.annotate({ description: "One sentence for a person." }),
        source: Schema.optionalKey(ErrorSource),
        meta: Schema.optionalKey(
          Schema.Struct({
            "correlation-id": Schema.String.annotate({ description: "Names the entry in the server's log." })
          })
        )
      })
    )
  })
    .annotate({
      identifier: `ErrorDocument${status}`,
      description: `${description} For example "${example.title}"${example.code === undefined ? "" : `, ${example.code}`}: ${example.detail}`,
      examples: [{ errors: [{ ...plain(example), status }] }]
    })
    .pipe(HttpApiSchema.status(Number(status)), asJsonApi)

export const BadRequest = errors(
  "400",
  "A query parameter that is not supported or given twice, a body that is not a JSON object, or an `Idempotency-Key` that is not valid.",
  ErrorObject.invalidParameter("sort", "This parameter is not supported here.")
)
export const Unauthorized = errors(
  "401",
  "No credential, or an unknown one. `WWW-Authenticate` is sent.",
  ErrorObject.unauthorized
)
export const Forbidden = errors("403", "A client-generated id, or an update.", ErrorObject.clientId)
export const NotFound = errors("404", "There is no such email address, owner, or route.", ErrorObject.notFound())
export const NotAcceptable = errors(
  "406",
  "`Accept` names the media type only with parameters that it does not have.",
  ErrorObject.notAcceptable
)
export const Conflict = errors(
  "409",
  "Another type than that of the collection; an address that the owner already has; or the first request with this `Idempotency-Key` is still running.",
  ErrorObject.foreignType
)
export const BodyTooLarge = errors("413", "The body is larger than 64 KiB.", {
  title: "Content Too Large",
  detail: failureMessages.BodyTooLarge({ limit: 65_536 })
})
export const UnsupportedMediaType = errors(
  "415",
  "`Content-Type` has another media type, or parameters.",
  ErrorObject.unsupportedMediaType()
)
export const Invalid = errors(
  "422",
  "Everything that is wrong with the values of the document or of the query; or the `Idempotency-Key` was used for another request.",
  ErrorObject.missing("email", "/data")
)
export const Fault = errors("500", "The server failed.", {
  title: "Internal Server Error",
  detail: failureMessages.Unexpected()
})
export const Unavailable = errors(
  "503",
  "The storage is temporarily unavailable. `Retry-After` says when to try again, with the same `Idempotency-Key` where one was sent.",
  { title: "Service Unavailable", detail: failureMessages.StorageUnavailable() }
)
