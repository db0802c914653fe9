/**
 * An Effect service: Countersign's routes beside its own in one router, and a use case called as an Effect. Its store
 * is in memory.
 *
 *     PORT=3000 npx node --conditions=source docs/examples/effect/main.ts
 */
import { createServer } from "node:http"
import { DkimTokens, Engine, Senders, Settings, Workers } from "@countersign/engine"
import { HttpApp } from "@countersign/http"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"

// Which From address may this customer use now?
const from = HttpRouter.add(
  "GET",
  "/from/:account",
  Effect.gen(function* () {
    const { account = "" } = yield* HttpRouter.params
    const senders = yield* Senders
    const sender = yield* senders.effective({ account })
    return HttpServerResponse.jsonUnsafe({
      from: Option.match(sender, { onNone: () => null, onSome: (s) => s.address })
    })
  })
)

const settings = Settings.layer({
  publicUrl: "https://verify.example.com",
  secret: Redacted.make("only for the example: 32 characters at least")
})

const adapters = Layer.mergeAll(MemoryStorage.layer, MemoryMailer.layer, MemoryDns.layer)

const engine = Engine.layer.pipe(
  Layer.provideMerge(DkimTokens.layer("dkim.example.com")),
  Layer.provideMerge(settings),
  Layer.provideMerge(adapters)
)

const server = Layer.unwrap(
  Effect.map(Config.withDefault(Config.Int("PORT"), 3000), (port) =>
    NodeHttpServer.layer(() => createServer(), { host: "127.0.0.1", port })
  )
)

const announce = Layer.effectDiscard(
  Effect.flatMap(HttpServer.HttpServer, ({ address }) =>
    Console.log(`Listening on http://127.0.0.1:${"port" in address ? address.port : ""}`)
  )
)

const main = Layer.mergeAll(
  HttpRouter.serve(Layer.merge(HttpApp.layer(), from), { disableLogger: true, disableListenLog: true }),
  Workers.layer,
  announce
).pipe(Layer.provide(engine), Layer.provide(server), Layer.provide(HttpApp.routeTracing))

NodeRuntime.runMain(Layer.launch(main))
