/**
 * The confirmation page as an HttpApi definition, for the OpenAPI document. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { problem } from "../ProblemSchema.ts"

const html = (status: number, description: string) =>
  Schema.String.annotate({ description }).pipe(
    HttpApiSchema.status(status),
    HttpApiSchema.asText({ contentType: "text/html; charset=utf-8" })
  )

/** What the page of a link shows, for a GET whose Accept prefers JSON. */
const LinkState = Schema.Struct({
  state: Schema.Literals(["open", "verified"]),
  address: Schema.String,
  accountName: Schema.String
}).annotate({
  identifier: "VerificationLink",
  examples: [{ state: "open", address: "billing@example.com", accountName: "Example Ltd" }]
})

const unknown = "The link is not valid. It may be incomplete."
const dead = "A newer link replaced it, it expired or was declined, or its address was removed."
const unavailable = "The storage is temporarily unavailable."

const pages = [html(404, unknown), html(410, dead), html(503, unavailable)] as const
const problems = [
  problem(404, unknown),
  problem(410, `${dead} \`reason\` says which.`),
  problem(503, unavailable)
] as const

const fault = problem(500, "The server failed.")

const token = { token: Schema.String.annotate({ description: "The token of the mailed link: 92 characters." }) }

/** Where the mailed link leads. */
export class ConfirmationGroup extends HttpApiGroup.make("confirmation", { topLevel: true })
  .add(
    HttpApiEndpoint.get("verificationPage", "/verify/:token", {
      params: token,
      success: [html(200, "The page with its two buttons. Sets the nonce cookie."), LinkState],
      error: [...pages, ...problems, fault]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Show a verification link",
        description: "Has no effect. A page, or JSON when `Accept` prefers it."
      })
    ),
    HttpApiEndpoint.post("answerVerification", "/verify/:token", {
      params: token,
      payload: Schema.Struct({
        action: Schema.Literals(["confirm", "decline"]),
        nonce: Schema.String.annotate({ description: "The page's nonce: must equal the cookie `countersign_nonce`." })
      })
        .annotate({
          identifier: "VerificationAnswer",
          examples: [{ action: "confirm", nonce: "p1ZkR8vT0mWq3yXc5bNd7fGh" }]
        })
        .pipe(HttpApiSchema.asFormUrlEncoded()),
      success: html(200, "What was done."),
      error: [
        html(400, "No such action: the page again."),
        problem(400, "The body is not valid UTF-8, or ended before it was complete."),
        html(403, "The nonce does not equal the cookie, or the form came from elsewhere: the page again."),
        ...pages,
        problem(413, "The body is larger than 64 KiB."),
        problem(415, "The body is not a form."),
        fault
      ]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Confirm or decline a verification link",
        description: "The form of the page."
      })
    )
  )
  .annotateMerge(
    OpenApi.annotations({ title: "Confirmation page", description: "Where the link of a verification mail leads." })
  ) {}
