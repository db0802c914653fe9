/**
 * Our HTTP application over the engine and the SQLite adapter, with one account and its key. It answers requests and
 * leaves mail and DNS to the workers of another process, as a service may: what is measured is the request.
 */
import { AccountAdmin, DkimTokens, Engine, Settings } from "@countersign/engine"
import type { HttpAppRequirements } from "@countersign/http"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"

export interface OurApplication<A> {
  /** What was made of the application. */
  readonly handler: A
  /** The account's key. */
  readonly token: string
  readonly close: () => Promise<void>
}

const settings = Settings.layer({
  publicUrl: "http://127.0.0.1",
  secret: Redacted.make("a secret that the benchmarks need not keep")
})

/** Opens the store at `file`, and makes a handler over it. */
export const openApplication = async <A>(
  file: string,
  toHandler: Effect.Effect<A, never, HttpAppRequirements | Scope.Scope>
): Promise<OurApplication<A>> => {
  /** Made before the server opens the store. */
  const token = await Effect.runPromise(
    Effect.gen(function* () {
      const admin = yield* AccountAdmin
      const account = yield* admin.createAccount({ email: "owner@example.com", name: "Benchmark" })
      return Redacted.value((yield* admin.createKey(account.id)).secret)
    }).pipe(Effect.provide(SqliteStorage.layer({ file })))
  )
  const storage = Layer.provideMerge(DkimTokens.layer("dkim.countersign.net"), SqliteStorage.layer({ file }))
  const scope = Scope.makeUnsafe()
  const handler = await Effect.runPromise(
    Effect.flatMap(
      Layer.buildWithScope(Layer.provideMerge(Engine.layer, Layer.merge(storage, settings)), scope),
      (context) => Effect.provide(toHandler, Context.add(context, Scope.Scope, scope))
    )
  )
  return { handler, token, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}
