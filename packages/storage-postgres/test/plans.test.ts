import { EventStore, MailBudget, Maintenance, SenderDirectory, type SenderFilter, TaskQueue } from "@countersign/engine"
import { onPostgres } from "@countersign/testkit"
import { account, addCommit, organization as owner } from "@countersign/testkit/sample-commit"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { PostgresStorage } from "../src/index.ts"
import { openSession } from "./Session.ts"
import { testStores } from "./TestStores.ts"

const filters: ReadonlyArray<Omit<SenderFilter, "account">> = [
  {},
  { owner },
  { kind: "email" },
  { statuses: ["pending", "active"] },
  { owner, kind: "email", statuses: ["pending"] },
  { canonical: "ana@s-1.example.com" },
  { canonical: "ana@s-1.example.com", owner },
  { addedBetween: { from: 0, to: 9 } },
  { updatedBetween: { from: 0 } },
  { domain: "s-1.example.com" },
  { after: 7 },
  { after: 7, metadata: { plan: "pro" } },
  { metadata: { plan: "pro" } },
  { metadata: { plan: "pro", size: "1" }, statuses: ["pending"], updatedBetween: { to: 9 } }
]
const orders = ["oldest-first", "newest-first", "by-domain"] as const

/** Walked from end to end only when an operator asks for all there are. */
const small = ["installation", "migrations", "accounts", "organizations", "access_keys"]

onPostgres((postgres) => {
  const stores = testStores(postgres)

  it.live(
    "no statement scans a table that grows",
    () =>
      Effect.gen(function* () {
        const place = yield* stores.place
        const { query } = yield* openSession((yield* stores.database).url)
        const layer = PostgresStorage.layer(place)
        yield* EventStore.use((store) =>
          Effect.forEach(Array.from({ length: 10 }).keys(), (page) =>
            // Most are of others: an account that is the whole table is rightly read as a whole.
            store.commit(
              Array.from({ length: 300 }, (_, index) =>
                addCommit(`s-${page}-${index}`, index % 150 === 0 ? account : `acc-${page}-${index}`)
              )
            )
          )
        ).pipe(Effect.provide(Layer.fresh(layer)))
        yield* query("ANALYZE")
        yield* query(`SELECT pg_stat_reset_single_table_counters(c.oid) FROM pg_class c
          WHERE c.relkind = 'r' AND c.relnamespace = '${place.schema}'::regnamespace`).pipe(Effect.ignore)
        const scans = query(`SELECT relname, seq_scan::integer AS scans, coalesce(idx_scan, 0)::integer AS walks
          FROM pg_stat_user_tables WHERE schemaname = '${place.schema}' ORDER BY relname`)
        const before = new Map((yield* scans).map((row) => [String(row.relname), row]))

        // The sessions end with this, and tell their counts.
        yield* Effect.gen(function* () {
          const store = yield* EventStore
          const directory = yield* SenderDirectory
          const queue = yield* TaskQueue
          const budget = yield* MailBudget
          for (let index = 0; index < 8; index++) {
            yield* store.commit([addCommit(`new-${index}`), addCommit("s-0-0")])
            yield* store.readStream("s-0-0", 0, 10)
            yield* store.readLog(100, 10)
            yield* directory.find(account, "s-0-0")
            yield* directory.current(account, owner)
            yield* directory.onDomain(account, "s-1-0.example.com", 0, 10)
            const { tasks } = yield* queue.claim(["probe", "verification-mail"], 4, 60_000)
            const [one, two, three, four] = tasks
            if (one === undefined || two === undefined || three === undefined || four === undefined) {
              return yield* Effect.die("nothing was claimed")
            }
            yield* queue.renew(one, 60_000)
            yield* queue.complete(two)
            yield* queue.bury(three, "given up")
            yield* queue.revive(three.task)
            yield* queue.drop(three.task)
            yield* store.commit([{ ...addCommit(`settles-${index}`), settles: four }])
            yield* queue.list({ state: "running", limit: 10 })
            yield* queue.list({ state: "buried", limit: 10 })
            yield* queue.list({ limit: 10 })
            yield* queue.find("probe:no.example.com:acc-1")
            yield* budget.take({ mail: `m-${index}`, addressHash: "hash", account })
            yield* Maintenance.use(({ streams }) => streams("s-1", 10))
          }
          for (const filter of filters) {
            yield* directory.count({ account, ...filter })
            for (const order of orders) yield* directory.page({ account, ...filter, order, offset: 1, limit: 10 })
          }
        }).pipe(Effect.provide(Layer.fresh(layer)))

        const walked = scans.pipe(
          // A session tells its counts after its end, which nobody waits for.
          Effect.flatMap((rows) => {
            const events = rows.find(({ relname }) => relname === "events")
            return Number(events?.walks) - Number(before.get("events")?.walks) >= 24
              ? Effect.succeed(rows)
              : Effect.fail("not yet" as const)
          }),
          Effect.retry({ times: 10_000, while: (error) => error === "not yet" })
        )
        const scanned = (yield* walked).flatMap(({ relname, scans: count }) => {
          const more = Number(count) - Number(before.get(String(relname))?.scans)
          return small.includes(String(relname)) || more === 0 ? [] : [`${relname}: ${more}`]
        })
        expect(scanned).toEqual([])
      }),
    120_000
  )
})
