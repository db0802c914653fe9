/**
 * A program: a bare `node:http` handler over one table. A POST writes one row in a transaction of its own, as durably as our adapter does; a GET reads
 * the newest one. It checks nobody's key, validates nothing, and knows no routes.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { openRawDatabase } from "../raw/RawDatabase.ts"
import { serveUntilInputEnds } from "./UntilInputEnds.ts"

const [file = ""] = process.argv.slice(2)
const { close, db, written } = openRawDatabase(file)
db.exec("CREATE TABLE addresses (id INTEGER PRIMARY KEY, email TEXT NOT NULL, body TEXT NOT NULL) STRICT")
const add = db.prepare("INSERT INTO addresses (email, body) VALUES (?, ?)")
const newest = db.prepare("SELECT body FROM addresses ORDER BY id DESC LIMIT 1")
// About as many bytes as our answer has.
const padding = "x".repeat(800)

const answer = (response: ServerResponse, body: string) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const post = (request: IncomingMessage, response: ServerResponse) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const { email } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { readonly email: string }
    const body = JSON.stringify({ email, createdAt: new Date().toISOString(), padding })
    add.run(email, body)
    written()
    answer(response, body)
  })
}

await serveUntilInputEnds(
  (request, response) => {
    if (request.method === "POST") post(request, response)
    else answer(response, String(newest.get()?.body))
  },
  {},
  close
)
