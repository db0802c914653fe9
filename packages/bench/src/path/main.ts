/**
 * `npm run counts`: how far one request goes. For an add over HTTP on SQLite, a confirmed link and a declined one, it
 * prints how many of our source files ran at least one function, and how often each stream was read.
 *
 * The figures come from V8's precise coverage between the request and its answer, after one such request to warm up.
 * They inform whoever changes the way of a request; no test holds them.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { SenderId, senderEventCodec, signLink } from "@countersign/core"
import { AccountAdmin, DkimTokens, Engine, EventStore, Settings } from "@countersign/engine"
import { toNodeListener } from "@countersign/http"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Context, Effect, Exit, Layer, Redacted, Result, Scope } from "effect"
import { filesDuring } from "./Coverage.ts"

const { values } = parseArgs({ options: { files: { type: "boolean", default: false } } })

const folder = mkdtempSync(join(tmpdir(), "countersign-counts-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

const settings = Settings.layer({
  publicUrl: "http://127.0.0.1",
  secret: Redacted.make("a secret that the counts need not keep")
})
const sqlite = SqliteStorage.layer({ file: join(folder, "counts.db") })

/** The streams that were read, one entry for each time. */
const reads: Array<string> = []
const watched = Layer.effect(
  EventStore,
  Effect.map(EventStore, (store) => ({
    ...store,
    readStream: (...args: Parameters<typeof store.readStream>) => {
      reads.push(args[0])
      return store.readStream(...args)
    }
  }))
)
const storage = Layer.provideMerge(DkimTokens.layer("dkim.countersign.net"), Layer.provideMerge(watched, sqlite))

const scope = Scope.makeUnsafe()
const services = await Effect.runPromise(
  Layer.buildWithScope(Layer.provideMerge(Engine.layer, Layer.merge(storage, settings)), scope)
)
const listener = await Effect.runPromise(Effect.provide(toNodeListener(), Context.add(services, Scope.Scope, scope)))
const token = await Effect.runPromise(
  Effect.gen(function* () {
    const admin = yield* AccountAdmin
    const account = yield* admin.createAccount({ email: "owner@example.com", name: "Counts" })
    return Redacted.value((yield* admin.createKey(account.id)).secret)
  }).pipe(Effect.provide(services))
)

const server = createServer(listener)
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
const address = server.address()
const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`

const answered = async (request: Promise<Response>): Promise<string> => {
  const response = await request
  const text = await response.text()
  if (!response.ok) throw new Error(`the answer is ${response.status}: ${text}`)
  return text
}

const add = (email: string) =>
  answered(
    fetch(`${url}/v1/email-address`, {
      method: "POST",
      headers: { authorization: token, "content-type": "application/json" },
      body: JSON.stringify({ email })
    })
  )

/** The link of a sender that was added, as its mail would have it. */
const linkOf = async (added: string): Promise<string> => {
  const { id }: { readonly id: string } = JSON.parse(added)
  const { events } = await Effect.runPromise(
    Effect.provide(
      EventStore.use((store) => store.readStream(id, 0, 10)),
      services
    )
  )
  const decoded = events.map((stored) => Result.getOrThrow(senderEventCodec.decode(stored)))
  const first = decoded.find((event) => event._tag === "SenderAdded")
  const asked = decoded.find((event) => event._tag === "VerificationRequested")
  if (first === undefined || asked === undefined) throw new Error("the sender has no link")
  const { linkKeys } = Context.get(services, Settings)
  const subject = { senderId: SenderId.make(id), verificationId: asked.verificationId, canonical: first.canonical }
  return `${url}/verify/${signLink(linkKeys, subject)}`
}

const press = (action: "confirm" | "decline") => (link: string) =>
  answered(
    fetch(link, {
      method: "POST",
      headers: {
        cookie: "countersign_nonce=chosen-by-the-counts-of-one",
        "content-type": "application/x-www-form-urlencoded"
      },
      body: new URLSearchParams({ nonce: "chosen-by-the-counts-of-one", action })
    })
  )

const requests: ReadonlyArray<{
  readonly name: string
  readonly prepare: (name: string) => Promise<string>
  readonly send: (prepared: string) => Promise<string>
}> = [
  { name: "add a sender", prepare: async (name) => `${name}@shop.example.com`, send: add },
  {
    name: "confirm a link",
    prepare: async (name) => linkOf(await add(`c-${name}@shop.example.com`)),
    send: press("confirm")
  },
  {
    name: "decline a link",
    prepare: async (name) => linkOf(await add(`d-${name}@shop.example.com`)),
    send: press("decline")
  }
]

const areas: ReadonlyArray<readonly [name: string, packages: ReadonlyArray<string>]> = [
  ["edge", ["http", "server"]],
  ["engine and core", ["engine", "core"]],
  ["storage", ["storage-sqlite"]]
]

const rows: Array<ReadonlyArray<string | number>> = []
for (const { name, prepare, send } of requests) {
  await send(await prepare("warm"))
  const prepared = await prepare("counted")
  reads.length = 0
  const files = await filesDuring(() => send(prepared))
  const counts = areas.map(
    ([, packages]) => files.filter((file) => packages.some((one) => file.startsWith(`${one}/`))).length
  )
  const times = [...new Set(reads)].map((stream) => reads.filter((read) => read === stream).length)
  rows.push([name, counts.reduce((sum, count) => sum + count, 0), ...counts, times.join(" and ") || "none"])
  if (values.files) console.log(`${name}:\n${files.map((file) => `  ${file}`).join("\n")}\n`)
}
const head = ["request", "files", ...areas.map(([name]) => name), "reads of each stream"]
for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`)

server.closeAllConnections()
await new Promise((closed) => server.close(closed))
await Effect.runPromise(Scope.close(scope, Exit.void))
