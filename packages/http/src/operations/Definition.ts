/**
 * What operators and their machines ask a running service, as an HttpApi definition. No server in here; a client may
 * import it.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { problem } from "../ProblemSchema.ts"

export class OperationsGroup extends HttpApiGroup.make("operations", { topLevel: true })
  .add(
    HttpApiEndpoint.get("health", "/health", {
      success: Schema.Struct({ status: Schema.Literal("ok") }).annotate({ identifier: "Health" })
    }).annotateMerge(OpenApi.annotations({ summary: "Is the process alive?" })),
    HttpApiEndpoint.get("ready", "/ready", {
      success: Schema.Struct({ status: Schema.Literal("ready") }).annotate({ identifier: "Readiness" }),
      error: problem(503, "The storage does not answer.")
    }).annotateMerge(OpenApi.annotations({ summary: "Does the storage answer?" })),
    HttpApiEndpoint.get("metrics", "/metrics", {
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4; charset=utf-8" }))
    }).annotateMerge(OpenApi.annotations({ summary: "Metrics in the text format of Prometheus" }))
  )
  .annotateMerge(
    OpenApi.annotations({ title: "Operations", description: "For whoever runs the service. They need no key." })
  ) {}
