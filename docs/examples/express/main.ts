/**
 * An Express service with its own customers. It keeps Countersign's store beside its own data, adds senders by a
 * function call, and mounts the confirmation page below `/mail`, where the mailed links lead.
 *
 *     PORT=3000 SMTP_URL=smtp://127.0.0.1:1025 npx node --conditions=source docs/examples/express/main.ts
 */
import { createCountersign, isSenderFailure } from "countersign"
import { smtp } from "countersign/smtp"
import { sqlite } from "countersign/sqlite"
import express, { type NextFunction, type Request, type Response } from "express"

const port = Number(process.env.PORT ?? 3000)

// Who the customers are is the host's business.
const customers = new Map([["acme", { id: "acme", email: "owner@acme.com", name: "Acme Ltd" }]])

const countersign = await createCountersign({
  publicUrl: process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}/mail`,
  secret: process.env.COUNTERSIGN_SECRET ?? "only for the example: 32 characters at least",
  dkimZone: "dkim.example.com",
  storage: sqlite(process.env.DATABASE ?? "countersign.db"),
  mail: smtp(process.env.SMTP_URL ?? "smtp://127.0.0.1:1025", "Example <verify@example.com>"),
  // Without any the system's own resolvers are asked.
  dns: { servers: process.env.DNS_SERVERS?.split(",") ?? [] },
  accounts: { account: async (id) => customers.get(id) }
})

countersign.onChange(({ sender, before, after }) => console.log(`${sender.address}: ${before} -> ${after}`))

const app = express()
// Before any parser of bodies: Countersign reads its own.
app.use("/mail", countersign.page)
app.use(express.json())

app.put("/settings/sender", async (request, response) => {
  const { sender } = await countersign.senders.add({
    account: "acme",
    actor: "user:42",
    address: request.body?.address
  })
  response.json({ status: sender.status, publish: sender.plan.records })
})

app.get("/settings/sender", async (_request, response) => {
  const current = await countersign.senders.current({ account: "acme" })
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
