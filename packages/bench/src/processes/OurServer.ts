/**
 * A program: our HTTP application over the engine and the SQLite adapter at the path that it is given, on a free port
 * of loopback.
 *
 * It answers requests and leaves mail and DNS to the workers of another process, as a service may: what is measured is
 * the request.
 */
import { AccountAdmin, DkimTokens, Engine, Settings } from "@countersign/engine"
import { toNodeListener } from "@countersign/http"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { serveUntilInputEnds } from "./UntilInputEnds.ts"

const [file = ""] = process.argv.slice(2)

const settings = Settings.layer({
  publicUrl: "http://127.0.0.1",
  secret: Redacted.make("a secret that the benchmarks need not keep")
})

const storage = Layer.provideMerge(DkimTokens.layer("dkim.countersign.net"), SqliteStorage.layer({ file }))

/** An account and its key, made before the server opens the store. */
const token = await Effect.runPromise(
  Effect.gen(function* () {
    const admin = yield* AccountAdmin
    const account = yield* admin.createAccount({ email: "owner@example.com", name: "Benchmark" })
    return Redacted.value((yield* admin.createKey(account.id)).secret)
  }).pipe(Effect.provide(SqliteStorage.layer({ file })))
)

const scope = Scope.makeUnsafe()
const listener = await Effect.runPromise(
  Effect.flatMap(
    Layer.buildWithScope(Layer.provideMerge(Engine.layer, Layer.merge(storage, settings)), scope),
    (context) => Effect.provide(toNodeListener(), Context.add(context, Scope.Scope, scope))
  )
)
await serveUntilInputEnds(listener, { token }, () => Effect.runPromise(Scope.close(scope, Exit.void)))
