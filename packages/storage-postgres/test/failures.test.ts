import { EventStore, SenderDirectory, TaskQueue, Writer } from "@countersign/engine"
import { onPostgres } from "@countersign/testkit"
import { FaultProxy, PostgresCluster } from "@countersign/testkit/postgres"
import { account, addCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { type PostgresOptions, PostgresStorage } from "../src/index.ts"
import { testStores } from "./TestStores.ts"

const unavailable = (reason: string) => `the storage is not available: ${reason}`

const proxyTo = (port: number) =>
  Effect.acquireRelease(
    Effect.promise(() => FaultProxy.make(port)),
    (proxy) => Effect.promise(() => proxy.close())
  )

onPostgres((postgres) => {
  const stores = testStores(postgres)

  /** A store behind a proxy. */
  const proxied = (options: Partial<PostgresOptions> = {}) =>
    Effect.gen(function* () {
      const { server, url } = yield* stores.database
      const proxy = yield* proxyTo(server.port)
      const place = { ...(yield* stores.place), url: Redacted.make(proxy.url(url)), ...options }
      const ports = yield* Layer.build(Layer.fresh(PostgresStorage.layer(place)))
      const writer = Context.get(
        yield* Layer.build(Layer.provide(Layer.fresh(Writer.layer), Layer.succeedContext(ports))),
        Writer
      )
      return {
        proxy,
        writer,
        store: Context.get(ports, EventStore),
        directory: Context.get(ports, SenderDirectory),
        tasks: Context.get(ports, TaskQueue)
      }
    })

  it.live("when an administrator ends every connection, no caller notices", () =>
    Effect.gen(function* () {
      const { server, name } = yield* stores.database
      const { writer, store, directory, tasks } = yield* proxied()
      yield* writer.submit(addCommit("before"))
      expect(yield* Effect.promise(() => server.terminateBackends(name))).toBeGreaterThan(1)
      expect((yield* writer.submit(addCommit("after")))._tag).toBe("Committed")
      yield* Effect.promise(() => server.terminateBackends(name))
      expect((yield* store.readLog(0, 100)).events.length).toBe(4)
      expect(yield* directory.count({ account })).toBe(2)
      expect((yield* tasks.list({ limit: 100 })).length).toBe(4)
    })
  )

  it.live("in the middle of many commits too: each is written once, or its caller is told that nobody knows", () =>
    Effect.gen(function* () {
      const { server, name } = yield* stores.database
      const { proxy, writer, store } = yield* proxied()
      const names = Array.from({ length: 300 }, (_, index) => `s-${index}`)
      const outcomes = yield* Effect.forEach(
        names,
        (sender, index) =>
          Effect.gen(function* () {
            if (index === 50 || index === 150) yield* Effect.promise(() => server.terminateBackends(name))
            if (index === 100 || index === 200) proxy.cut()
            return yield* Effect.result(writer.submit(addCommit(sender)))
          }),
        { concurrency: 10 }
      )
      const told = outcomes.map((outcome) => (outcome._tag === "Success" ? outcome.success._tag : outcome.failure._tag))
      // A duplicate: the answer was lost, and the receipt knew it.
      expect(
        new Set(told).difference(new Set(["Committed", "Duplicate", "StorageUnavailable", "OutcomeUnknown"]))
      ).toEqual(new Set())
      const { events } = yield* store.readLog(0, 1_000)
      expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1))
      for (const [index, sender] of names.entries()) {
        const written = events.filter(({ stream }) => stream === sender).length
        if (told[index] === "Committed" || told[index] === "Duplicate") expect(written, sender).toBe(2)
        if (told[index] === "StorageUnavailable") expect(written, sender).toBe(0)
      }
    })
  )

  it.live("when the answer to a commit is lost, its outcome is not known, and the same command knows it", () =>
    Effect.gen(function* () {
      const { proxy, store, writer } = yield* proxied()
      const commit = addCommit("lost")
      const swallowed = proxy.swallowAnswer("add lost")
      expect(yield* Effect.flip(store.commit([commit]))).toMatchObject({ _tag: "OutcomeUnknown" })
      yield* Effect.promise(() => swallowed)
      expect(yield* store.commit([commit])).toEqual([{ _tag: "Duplicate", result: commit.command.result }])
      expect((yield* store.readLog(0, 10)).events.length).toBe(2)
      // The writer asks by itself.
      const again = proxy.swallowAnswer("add lost too")
      const outcome = yield* writer.submit(addCommit("lost too"))
      yield* Effect.promise(() => again)
      expect(outcome).toEqual({ _tag: "Duplicate", result: addCommit("lost too").command.result })
      expect((yield* store.readLog(0, 10)).events.length).toBe(4)
    })
  )

  it.live("while it cannot be reached every call says so within its bound, and it works again by itself", () =>
    Effect.gen(function* () {
      const { proxy, store, directory, tasks, writer } = yield* proxied({ patience: 200 })
      yield* writer.submit(addCommit("before"))
      proxy.refuse()
      const calls: ReadonlyArray<Effect.Effect<unknown, { readonly message: string }>> = [
        // First, so that the others find the connections closed.
        store.readLog(0, 10),
        store.commit([addCommit("a")]),
        writer.submit(addCommit("b")),
        directory.count({ account }),
        tasks.claim(["probe"], 1, 1_000)
      ]
      for (const call of calls)
        expect((yield* Effect.flip(call)).message).toBe(unavailable("the database cannot be reached"))
      proxy.accept()
      expect((yield* store.commit([addCommit("after")]))[0]?._tag).toBe("Committed")
      expect((yield* store.readLog(0, 10)).events.length).toBe(4)
    })
  )

  it.live("a call that begins while it cannot be reached is answered when it can be again", () =>
    Effect.gen(function* () {
      const { proxy, store, writer } = yield* proxied({ patience: 60_000 })
      proxy.refuse()
      const calls = yield* Effect.forkChild(
        Effect.all([writer.submit(addCommit("a")), store.readLog(0, 10)], { concurrency: 2 }),
        { startImmediately: true }
      )
      yield* Effect.sleep("300 millis")
      expect(calls.pollUnsafe()).toBe(undefined)
      proxy.accept()
      const [outcome] = yield* Fiber.join(calls)
      expect(outcome._tag).toBe("Committed")
    })
  )

  it.live(
    "a connection on which nothing comes any more is given up",
    () =>
      Effect.gen(function* () {
        const { proxy, store } = yield* proxied({ patience: 200, statementTimeout: 300 })
        yield* store.commit([addCommit("before")])
        proxy.stall()
        const calls = yield* Effect.all(
          [
            Effect.flip(Effect.asVoid(store.commit([addCommit("a")]))),
            Effect.flip(Effect.asVoid(store.readLog(0, 10)))
          ] as const,
          { concurrency: "unbounded" }
        )
        expect(calls.map(({ _tag }) => _tag)).toEqual(["OutcomeUnknown", "StorageUnavailable"])
        proxy.cut()
        proxy.release()
        const [again] = yield* store.commit([addCommit("a")])
        expect(["Committed", "Duplicate"]).toContain(again?._tag)
        expect((yield* store.readLog(0, 10)).events.length).toBe(4)
      }),
    60_000
  )

  it.live("hints go on after the connection that listens was lost", () =>
    Effect.gen(function* () {
      const { proxy, store } = yield* proxied()
      const { url } = yield* stores.database
      yield* store.commit([addCommit("before")])
      proxy.cut()
      const told = yield* Stream.runHead(store.changes).pipe(Effect.forkChild({ startImmediately: true }))
      expect(url).not.toBe("")
      yield* Effect.timeout(Fiber.join(told), "30 seconds")
    })
  )

  describe("at the start", () => {
    const refusal = (options: Partial<PostgresOptions>) =>
      Effect.gen(function* () {
        const place = { ...(yield* stores.place), patience: 100, ...options }
        return (yield* Effect.flip(Effect.scoped(Layer.build(PostgresStorage.layer(place))))).message
      })
    const changed = (change: (url: URL) => void) =>
      Effect.map(stores.database, ({ url }) => {
        const parsed = new URL(url)
        change(parsed)
        return { url: Redacted.make(parsed.href) }
      })

    it.live("what an operator must mend is said in a sentence", () =>
      Effect.gen(function* () {
        const wrong = (change: (url: URL) => void) => Effect.flatMap(changed(change), refusal)
        expect(
          yield* wrong((url) => {
            url.password = "wrong"
          })
        ).toBe(unavailable("the database refuses the user or the password"))
        expect(
          yield* wrong((url) => {
            url.pathname = "/nowhere"
          })
        ).toBe(unavailable("there is no such database"))
        expect(
          yield* wrong((url) => {
            url.port = "1"
          })
        ).toBe(unavailable("the database cannot be reached"))
        expect(
          yield* wrong((url) => {
            url.searchParams.set("sslmode", "require")
          })
        ).toBe(unavailable("the database does not speak TLS"))
        expect(
          yield* wrong((url) => {
            url.searchParams.set("sslrootcert", "/no/such/file")
            url.searchParams.set("sslmode", "verify-full")
          })
        ).toBe(unavailable("a certificate file of the database's address cannot be read (ENOENT)"))
        expect(yield* refusal({ url: Redacted.make("http://localhost/") })).toBe(
          unavailable("the address of the database is not valid")
        )
      })
    )

    it.live("sessions that begin with settings that lose commits, or that see too little, are refused", () =>
      Effect.gen(function* () {
        const options = (settings: string) => changed((url) => url.searchParams.set("options", settings))
        const off = yield* options("-c synchronous_commit=off")
        expect(yield* refusal(off)).toBe(
          unavailable("the server runs with synchronous_commit = off, so what it acknowledges may be lost in a crash")
        )
        yield* Effect.scoped(
          Layer.build(PostgresStorage.layer({ ...(yield* stores.place), ...off, allowUnsafe: true }))
        )
        expect(yield* refusal(yield* options("-c default_transaction_isolation=serializable"))).toBe(
          unavailable("transactions of this user begin as serializable, and must begin as read committed")
        )
      })
    )
  })
})

describe("a server", () => {
  it.live(
    "that is killed loses nothing that was acknowledged, and one without fsync is refused",
    () =>
      Effect.gen(function* () {
        const cluster = yield* Effect.acquireRelease(
          Effect.promise(() => PostgresCluster.make()),
          (made) => Effect.promise(() => made.close())
        )
        const url = Redacted.make(yield* Effect.promise(() => cluster.createDatabase("killed")))
        const store = Context.get(yield* Layer.build(PostgresStorage.layer({ url, patience: 30_000 })), EventStore)
        yield* store.commit([addCommit("before")])
        yield* Effect.promise(() => cluster.crash())
        yield* Effect.promise(() => cluster.start())
        expect((yield* store.commit([addCommit("before")]))[0]?._tag).toBe("Duplicate")
        expect((yield* store.readLog(0, 10)).events.length).toBe(2)
        const careless = yield* Effect.acquireRelease(
          Effect.promise(() => PostgresCluster.make({ settings: { fsync: "off" } })),
          (made) => Effect.promise(() => made.close())
        )
        const other = Redacted.make(yield* Effect.promise(() => careless.createDatabase("careless")))
        const refused = Layer.build(Layer.fresh(PostgresStorage.layer({ url: other })))
        expect((yield* Effect.flip(Effect.scoped(refused))).message).toContain("runs with fsync = off")
      }),
    120_000
  )
})
