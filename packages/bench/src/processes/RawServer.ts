/**
 * A program: a bare `node:http` handler over one table, which answers the same documents as our server. A POST writes
 * one row in a transaction of its own, as durably as our adapter does; a GET reads the newest row. It checks nobody's
 * key, validates nothing, and knows no routes.
 */
import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { SQLOutputValue } from "node:sqlite"
import { openRawDatabase } from "../raw/RawDatabase.ts"
import { serveUntilInputEnds } from "./UntilInputEnds.ts"

const [file = ""] = process.argv.slice(2)
const { close, db, written } = openRawDatabase(file)
db.exec(`
  CREATE TABLE addresses (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    email TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    domain TEXT NOT NULL,
    tokens TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT`)
const add = db.prepare(`
  INSERT INTO addresses (id, account, email, mailbox, domain, tokens, status, created_at, updated_at)
  VALUES (?, ?, ?, 'PENDING', 'PENDING', ?, 'pending', ?, ?) RETURNING *`)
const newest = db.prepare("SELECT * FROM addresses ORDER BY number DESC LIMIT 1")

const account = randomUUID()
const tokens = JSON.stringify(["a", "b", "c"].map((letter) => letter.repeat(32)))

const answer = (response: ServerResponse, row: Record<string, SQLOutputValue> | undefined) => {
  const selectors = JSON.parse(String(row?.tokens)) as ReadonlyArray<string>
  const domain = String(row?.email).split("@")[1]
  const body = JSON.stringify({
    id: row?.id,
    email: row?.email,
    emailVerificationStatus: row?.mailbox,
    domainVerificationStatus: row?.domain,
    tokens: selectors,
    accountId: row?.account,
    organizationId: null,
    createdAt: new Date(Number(row?.created_at)).toISOString(),
    updatedAt: new Date(Number(row?.updated_at)).toISOString(),
    status: row?.status,
    dnsRecords: selectors.map((selector, index) => ({
      type: "CNAME",
      name: `${selector}._domainkey.${domain}`,
      value: `${selector}.k${index + 1}.dkim.countersign.net`
    }))
  })
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const post = (request: IncomingMessage, response: ServerResponse) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const { email } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { readonly email: string }
    const now = Date.now()
    const row = add.get(randomUUID(), account, email, tokens, now, now)
    written()
    answer(response, row)
  })
}

await serveUntilInputEnds(
  (request, response) => {
    if (request.method === "POST") post(request, response)
    else answer(response, newest.get())
  },
  {},
  close
)
