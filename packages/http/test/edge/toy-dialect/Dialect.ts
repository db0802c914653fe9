/**
 * Another dialect, as a host would write one: a folder, and a line in the list that it serves.
 */
import { Senders } from "@countersign/engine"
import { CallerUnknown, CredentialMissing, type Dialect, routesOf } from "@countersign/http"
import { Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

export class ToyGroup extends HttpApiGroup.make("toy")
  .add(HttpApiEndpoint.get("count", "/toys/count", { success: Schema.Struct({ toys: Schema.Int }) }))
  .add(HttpApiEndpoint.delete("forget", "/toys/:name", { params: { name: Schema.String } })) {}

export const Toy: Dialect = {
  name: "Toy",
  definition: [ToyGroup],
  credential: ({ request: { headers } }) => {
    const { "x-toy": key } = headers
    if (key === undefined) return Effect.fail(new CredentialMissing())
    return key === "broken" ? Effect.fail(new CallerUnknown()) : Effect.succeed(key)
  },
  owns: ["/toys"],
  routes: Effect.fnUntraced(function* (authorize) {
    const senders = yield* Senders
    return routesOf(ToyGroup, {
      count: Effect.fnUntraced(function* (exchange) {
        const { account } = yield* authorize(exchange)
        return HttpServerResponse.jsonUnsafe({ toys: yield* senders.count({ account }) })
      }),
      forget: ({ params }) => Effect.die(new Error(`nobody forgets ${params.name}`))
    })
  }),
  failure: ({ _tag }, correlation) =>
    HttpServerResponse.text(`${_tag} ${correlation}`, { status: _tag === "Unexpected" ? 500 : 418 })
}
