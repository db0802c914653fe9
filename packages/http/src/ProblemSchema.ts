/**
 * The error form of the native dialect and of everything that no dialect owns: problem details (RFC 9457). No server in
 * here; a client may import it.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/** `type` is `about:blank`: the status says it all. The members after `detail` are additions. */
export const problem = <const S extends number>(status: S, description: string) =>
  Schema.Struct({
    type: Schema.Literal("about:blank"),
    title: Schema.String,
    status: Schema.Literal(status),
    detail: Schema.String,
    reason: Schema.optionalKey(
      Schema.Literals(["unknown", "void", "expired", "declined", "removed"]).annotate({
        description: "Why a verification link does not work."
      })
    ),
    parameter: Schema.optionalKey(Schema.String.annotate({ description: "The query parameter that is at fault." })),
    correlationId: Schema.optionalKey(Schema.String.annotate({ description: "Names the entry in the server's log." }))
  })
    .annotate({ identifier: `Problem${status}`, description })
    .pipe(HttpApiSchema.status(status), HttpApiSchema.asJson({ contentType: "application/problem+json" }))
