/**
 * A Fastify service with Countersign below `/mail`. Its store is in memory, as in a test.
 *
 *     PORT=3000 npx node --conditions=source docs/examples/fastify/main.ts
 */
import { DkimTokens, Engine, Settings, Workers } from "@countersign/engine"
import { makeCountersign } from "@countersign/http"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { Layer, Redacted } from "effect"
import Fastify from "fastify"

const countersign = await makeCountersign(
  Workers.layer.pipe(
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(DkimTokens.layer("dkim.example.com")),
    Layer.provideMerge(
      Settings.layer({
        publicUrl: "https://app.example.com/mail",
        secret: Redacted.make("only for the example: 32 characters at least")
      })
    ),
    Layer.provideMerge(Layer.mergeAll(MemoryStorage.layer, MemoryMailer.layer, MemoryDns.layer))
  )
)

const app = Fastify()
app.get("/", () => "the service's own")

app.register(
  (mail, _options, registered) => {
    // Countersign reads the bodies itself, so Fastify must leave them alone here.
    mail.removeAllContentTypeParsers()
    mail.addContentTypeParser("*", (_request, _payload, done) => done(null))
    mail.all("/*", (request, reply) => {
      reply.hijack()
      request.raw.url = request.raw.url?.slice("/mail".length) ?? "/"
      countersign.node(request.raw, reply.raw)
    })
    registered()
  },
  { prefix: "/mail" }
)
app.addHook("onClose", () => countersign.close())

console.log(`Listening on ${await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 3000) })}`)
process.once("SIGTERM", () => void app.close())
