/**
 * The endpoints of the sandbox. They are mounted by `serve --sandbox` and by nothing else.
 */
import { Settings } from "@countersign/engine"
import { ByteSize, Effect, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { nudgeProbes } from "./ProbeNudge.ts"
import { refusalOf } from "./SandboxGuard.ts"
import { pageHeaders, sandboxPage } from "./SandboxPage.ts"
import { SandboxServers } from "./SandboxServers.ts"
import { inbox, overview, senders, zone } from "./SandboxViews.ts"

const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const

const answer = (body: unknown) => HttpServerResponse.jsonUnsafe(body, { headers })

/** Errors as problem documents (RFC 9457), as everywhere outside of the dialects. */
const problem = (status: number, title: string, detail: string) =>
  HttpServerResponse.jsonUnsafe(
    { type: "about:blank", status, title, detail },
    { status, headers, contentType: "application/problem+json" }
  )

const badRequest = (detail: string) => problem(400, "Bad Request", detail)

const failed = (error: Error) =>
  Effect.as(
    Effect.logError(`The sandbox could not answer: ${error.message}`),
    problem(500, "Internal Server Error", error.message)
  )

const guarded = <E extends Error, R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { publicUrl } = yield* Settings
    const refusal = refusalOf(request, publicUrl)
    if (refusal !== undefined) return problem(403, "Forbidden", refusal)
    return yield* handler
  }).pipe(Effect.catch(failed))

const nameOfPath = Effect.map(HttpRouter.params, (params) => (params.name ?? "").toLowerCase().replace(/\.$/, ""))

const oneOrMore = Schema.Union([Schema.String, Schema.NonEmptyArray(Schema.String)])
const Put = Schema.fromJsonString(Schema.Struct({ type: Schema.String, value: oneOrMore }))

const recordsOf = Effect.fnUntraced(function* (name: string) {
  const { records } = yield* zone
  return records.filter((record) => record.name === name)
})

// The body is read as JSON whatever its Content-Type says: `curl -d` says that it is a form.
const putRecord = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { dns, changeZone } = yield* SandboxServers
  const name = yield* nameOfPath
  const body = yield* Effect.provideService(request.text, HttpServerRequest.MaxBodySize, ByteSize.kibibytes(64))
  const { type, value } = yield* Schema.decodeUnknownEffect(Put)(body)
  yield* changeZone(dns.zone.put(name, type, value))
  yield* nudgeProbes(name)
  return answer({ records: yield* recordsOf(name) })
}).pipe(
  Effect.catchTags({
    SchemaError: () =>
      Effect.succeed(badRequest('The body must be JSON such as {"type":"CNAME","value":"target.example.com"}.')),
    HttpServerError: ({ reason }) =>
      Effect.succeed(
        reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
          ? problem(413, "Content Too Large", "The body may be at most 64 KiB long.")
          : badRequest("The body ended before it was complete.")
      ),
    DnsRecordRefused: (refused) =>
      Effect.succeed(
        refused.reason === "conflict" ? problem(409, "Conflict", refused.message) : badRequest(refused.message)
      )
  })
)

const deleteRecords = Effect.gen(function* () {
  const { dns, changeZone } = yield* SandboxServers
  const name = yield* nameOfPath
  const removed = yield* changeZone(dns.zone.remove(name))
  if (removed) yield* nudgeProbes(name)
  return answer({ removed })
})

const get = <E extends Error, R>(path: HttpRouter.PathInput, body: Effect.Effect<unknown, E, R>) =>
  HttpRouter.route("GET", path, guarded(Effect.map(body, answer)))

/** `GET /sandbox.json`, `/sandbox/*` and `/sandbox`, and the changes of the zone. */
export const SandboxRoutes = {
  layer: HttpRouter.addAll([
    HttpRouter.route("GET", "/", Effect.succeed(HttpServerResponse.redirect("/sandbox"))),
    get("/sandbox.json", overview),
    get("/sandbox/inbox.json", inbox),
    get("/sandbox/dns.json", zone),
    get("/sandbox/senders.json", senders),
    HttpRouter.route("PUT", "/sandbox/dns/:name", guarded(putRecord)),
    HttpRouter.route("DELETE", "/sandbox/dns/:name", guarded(deleteRecords)),
    HttpRouter.route(
      "GET",
      "/sandbox",
      guarded(Effect.sync(() => HttpServerResponse.html(sandboxPage).pipe(HttpServerResponse.setHeaders(pageHeaders))))
    )
  ])
} as const
