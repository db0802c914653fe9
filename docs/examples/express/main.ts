/**
 * An Express service with its own customers. It keeps Countersign's store beside its own data, adds senders by a
 * function call, and mounts the HTTP application below `/mail`, where the mailed links lead.
 *
 *     PORT=3000 SMTP_URL=smtp://127.0.0.1:1025 npx node --conditions=source docs/examples/express/main.ts
 */
import { SystemResolver } from "@countersign/dns"
import { Accounts, DkimTokens, Engine, Settings, Workers } from "@countersign/engine"
import { isSenderFailure, makeCountersign } from "@countersign/http"
import { SmtpMailer } from "@countersign/mailer-smtp"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Effect, Layer, Option, Redacted } from "effect"
import express, { type NextFunction, type Request, type Response } from "express"

const port = Number(process.env.PORT ?? 3000)
const publicUrl = process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}/mail`

// Without it the system's own resolvers are asked.
const nameServers = process.env.DNS_SERVERS

// Who the customers are is the host's business: this takes the place of the storage's own accounts.
const customers = new Map([["acme", { id: "acme", email: "owner@acme.com", name: "Acme Ltd" }]])
const accounts = Layer.succeed(Accounts, {
  authenticate: (secret) =>
    Effect.succeed(
      Option.map(Option.fromNullishOr(customers.get(Redacted.value(secret))), (account) => ({
        account,
        key: "session"
      }))
    ),
  account: (id) => Effect.succeed(Option.fromNullishOr(customers.get(id))),
  organization: () => Effect.succeed(Option.none())
})

const settings = Settings.layer({
  publicUrl,
  secret: Redacted.make(process.env.COUNTERSIGN_SECRET ?? "only for the example: 32 characters at least")
})

const countersign = await makeCountersign(
  Workers.layer.pipe(
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(accounts),
    Layer.provideMerge(DkimTokens.layer("dkim.example.com")),
    Layer.provideMerge(settings),
    Layer.provideMerge(SqliteStorage.layerWithoutAccounts({ file: process.env.DATABASE ?? "countersign.db" })),
    Layer.provideMerge(
      SmtpMailer.layer({
        url: Redacted.make(process.env.SMTP_URL ?? "smtp://127.0.0.1:1025"),
        from: "Example <verify@example.com>"
      })
    ),
    Layer.provideMerge(SystemResolver.layer(nameServers === undefined ? {} : { servers: nameServers.split(",") }))
  )
)

const app = express()
// Before any parser of bodies: Countersign reads its own.
app.use("/mail", countersign.node)
app.use(express.json())

const owner = { _tag: "Account" } as const

app.put("/settings/sender", async (request, response) => {
  const caller = { account: "acme", actor: "user:42", correlation: crypto.randomUUID() }
  const { sender } = await countersign.senders.add({ ...caller, owner, address: String(request.body?.address) })
  response.json({ status: sender.status, publish: sender.plan.records })
})

app.get("/settings/sender", async (_request, response) => {
  const current = await countersign.senders.current({ account: "acme", owner })
  const { blockers, findings } = await countersign.senders.status({ account: "acme", id: current.id })
  response.json({ address: current.address, status: current.status, blockers, findings })
})

// Failures are values with a `_tag`; everything else is a fault of the service.
app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
  if (!isSenderFailure(error)) return next(error)
  response.status(error._tag === "SenderNotFound" ? 404 : 422).json({ error: error._tag, message: error.message })
})

const server = app.listen(port, "127.0.0.1", () => {
  const address = server.address()
  console.log(`Listening on http://127.0.0.1:${typeof address === "object" ? address?.port : port}`)
})

process.once("SIGTERM", () => {
  server.close(() => void countersign.close())
  server.closeIdleConnections()
})
