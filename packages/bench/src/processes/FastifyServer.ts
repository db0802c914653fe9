/**
 * A program: a Fastify application that answers `GET /v1/email-address` from the store of our server, as somebody who
 * wrote this endpoint by hand would.
 *
 * It does the same work: looks the access key up by its hash, reads and decodes the newest row of the account, answers
 * the same document, takes a request id or makes one and sends it back, counts requests by route and status.
 */
import { hash, randomUUID } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import fastify from "fastify"
import { serveUntilInputEnds } from "./UntilInputEnds.ts"

const [file = ""] = process.argv.slice(2)
const db = new DatabaseSync(file)
// The cache that our adapter gives its reader.
db.exec("PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON; PRAGMA cache_size = -16384")
const findKey = db.prepare("SELECT account FROM access_keys WHERE secret_hash = ? AND revoked_at IS NULL")
const findNewest = db.prepare(`
  SELECT t.stream, s.status, s.domain, s.added_at, s.updated_at, s.body
  FROM account_numbers a
  CROSS JOIN owner_numbers o ON o.account = a.number AND o.owner_key = 'account'
  CROSS JOIN senders s INDEXED BY senders_of_owner ON s.owner = o.number
  CROSS JOIN streams t ON t.number = s.stream
  WHERE a.account = ? AND s.kind = 'email' ORDER BY s.position DESC LIMIT 1`)

/** What the column `body` holds. */
interface Body {
  readonly address: string
  readonly mailbox: string
  readonly domainState: string
  readonly plan: { readonly zone: string; readonly tokens: ReadonlyArray<string> }
}

const mailboxWords: { readonly [state: string]: string } = { pending: "PENDING", verified: "SUCCESS" }
const domainWords: { readonly [state: string]: string } = { pending: "PENDING", verified: "SUCCESS" }

const answered = new Map<string, number>()

const app = fastify({
  requestIdHeader: "x-request-id",
  genReqId: () => randomUUID()
})

app.addHook("onRequest", async (request, reply) => {
  reply.header("x-request-id", request.id)
})

app.addHook("onResponse", async ({ routeOptions }, { statusCode }) => {
  const labels = `${statusCode} ${routeOptions.url}`
  answered.set(labels, (answered.get(labels) ?? 0) + 1)
})

app.get("/v1/email-address", async ({ headers }, reply) => {
  const key = findKey.get(hash("sha256", headers.authorization ?? "", "buffer"))
  if (key === undefined) return reply.code(401).send({ error: "no such key" })
  const row = findNewest.get(String(key.account))
  if (row === undefined) return reply.code(404).send({ error: "no address" })
  // Written by our adapter.
  const { address, mailbox, domainState, plan } = JSON.parse(String(row.body)) as Body
  return {
    id: row.stream,
    email: address,
    emailVerificationStatus: mailboxWords[mailbox],
    domainVerificationStatus: domainWords[domainState],
    tokens: plan.tokens,
    accountId: key.account,
    organizationId: null,
    createdAt: new Date(Number(row.added_at)).toISOString(),
    updatedAt: new Date(Number(row.updated_at)).toISOString(),
    status: row.status,
    dnsRecords: plan.tokens.map((token, index) => ({
      type: "CNAME",
      name: `${token}._domainkey.${row.domain}`,
      value: `${token}.k${index + 1}.${plan.zone}`
    }))
  }
})

await app.ready()
await serveUntilInputEnds(app.routing, {}, async () => {
  await app.close()
  db.close()
})
