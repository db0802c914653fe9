/**
 * The error documents of the OpenTransact dialect, one schema per status. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/** As in `MediaType.ts`, which belongs to the server. */
export const asJsonApi = HttpApiSchema.asJson({ contentType: "application/vnd.api+json" })

const ErrorSource = Schema.Struct({
  pointer: Schema.optionalKey(Schema.String.annotate({ description: "Into the document (RFC 6901)." })),
  parameter: Schema.optionalKey(Schema.String.annotate({ description: "The query parameter, as it was sent." })),
  header: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "ErrorSource", description: "What caused the error: it is there in the request." })

const errors = <const S extends `${number}`>(
  status: S,
  description: string,
  example: { readonly title: string; readonly detail: string; readonly code?: string }
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
      examples: [{ errors: [{ status, ...example }] }]
    })
    .pipe(HttpApiSchema.status(Number(status)), asJsonApi)

export const BadRequest = errors(
  "400",
  "A query parameter that is not supported here, or that is given twice; a body that is no JSON object; an `Idempotency-Key` that is none.",
  { title: "Invalid Query Parameter", detail: "This parameter is not supported here." }
)
export const Unauthorized = errors("401", "No credential, or one that nobody has. `WWW-Authenticate` is sent.", {
  title: "Unauthorized",
  code: "10002",
  detail: "Unauthorized request."
})
export const Forbidden = errors("403", "A client-generated id, or an update.", {
  title: "Forbidden",
  code: "10015",
  detail: "The id of an email address is made here: leave it out."
})
export const NotFound = errors("404", "There is no such email address, owner, or route.", {
  title: "Not Found",
  code: "10001",
  detail: "Could not locate requested resource"
})
export const NotAcceptable = errors(
  "406",
  "`Accept` names the media type with parameters that it does not have only.",
  {
    title: "Not Acceptable",
    detail: "Accept application/vnd.api+json without parameters other than profile."
  }
)
export const Conflict = errors(
  "409",
  "Another type than that of the collection; an address that the owner has already; or the first request with this `Idempotency-Key` is still being worked on.",
  {
    title: "Invalid Type Param",
    code: "10014",
    detail: "Type param must be set to 'email-addresses' for the requested resource."
  }
)
export const BodyTooLarge = errors("413", "The body is larger than 64 KiB.", {
  title: "Content Too Large",
  detail: "The body may have at most 65536 bytes."
})
export const UnsupportedMediaType = errors("415", "`Content-Type` has another media type, or parameters.", {
  title: "Unsupported Media Type",
  detail: "Send application/vnd.api+json without parameters other than profile."
})
export const Invalid = errors(
  "422",
  "Everything that is wrong with the values of the document or of the query; or the `Idempotency-Key` was used for another request.",
  { title: "Missing Required Request Parameter", code: "10006", detail: "The request param email is missing." }
)
export const Fault = errors("500", "Something is wrong with the server.", {
  title: "Internal Server Error",
  detail: "Something went wrong here; nothing is wrong with the request."
})
export const Unavailable = errors(
  "503",
  "Nothing can be read or written just now. `Retry-After` says when to try again, with the same `Idempotency-Key` where one was sent.",
  {
    title: "Service Unavailable",
    detail: "The service is not available just now: try again in a few seconds."
  }
)
