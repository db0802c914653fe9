/**
 * A Fastify service with the confirmation page below `/mail` and one dialect of the HTTP API below `/api`. Its store is
 * in memory, as in a test.
 *
 *     PORT=3000 npx node --conditions=source docs/examples/fastify/main.ts
 */
import { createCountersign, type Handler } from "countersign"
import { SpaceInvoices } from "countersign/dialects"
import { memory } from "countersign/memory"
import Fastify from "fastify"

const countersign = await createCountersign({
  publicUrl: "https://app.example.com/mail",
  secret: "only for the example: 32 characters at least",
  dkimZone: "dkim.example.com",
  storage: memory(),
  mail: async (message) => console.log(`To ${message.to}: ${message.subject}`)
})

const app = Fastify()
app.get("/", () => "the service's own")

const mount = (prefix: string, handler: Handler) =>
  app.register(
    (below, _options, registered) => {
      // Countersign reads the bodies itself, so Fastify must leave them alone here.
      below.removeAllContentTypeParsers()
      below.addContentTypeParser("*", (_request, _payload, done) => done(null))
      below.all("/*", (request, reply) => {
        reply.hijack()
        request.raw.url = request.raw.url?.slice(prefix.length) ?? "/"
        handler(request.raw, reply.raw)
      })
      registered()
    },
    { prefix }
  )
mount("/mail", countersign.page)
mount("/api", countersign.api(SpaceInvoices))
app.addHook("onClose", () => countersign.close())

console.log(`Listening on ${await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 3000) })}`)
process.once("SIGTERM", () => void app.close())
