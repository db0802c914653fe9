/**
 * Damage that no port can do, done to the file: each kind is found by `verify`, in words that say where, and what
 * follows from the log is put right by `rebuild`.
 */
import { DatabaseSync } from "node:sqlite"
import { Maintenance, rebuild, SenderDirectory, verify } from "@countersign/engine"
import { arbitraryHistory, playAll } from "@countersign/testkit"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { SqliteStorage } from "../src/index.ts"
import { temporaryFile } from "./TemporaryStore.ts"

/** Three senders with a life each, the same at every run. */
const lives = fc.sample(
  arbitraryHistory({ length: 12 }).filter(
    ({ subject, steps }) =>
      subject.owner._tag === "Account" &&
      Object.keys(subject.metadata).length > 0 &&
      steps[0]?.act._tag === "Add" &&
      steps.every(({ act }) => act._tag !== "Remove")
  ),
  { numRuns: 3, seed: 3 }
)

const problems = Effect.gen(function* () {
  const found: Array<string> = []
  yield* verify((problem) => Effect.sync(() => void found.push(problem)))
  return found
})

/** Lets the guards of the tables sleep: what comes here comes past them. */
const damage = (file: string, sql: string): void => {
  const db = new DatabaseSync(file)
  db.exec(`DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted; ${sql}`)
  db.close()
}

const damagedStore = (sql: string) =>
  Effect.gen(function* () {
    const file = yield* temporaryFile
    const layer = SqliteStorage.layer({ file, cacheMegabytes: 4 })
    const open = Effect.provide(layer)
    yield* open(playAll(lives))
    expect(yield* open(problems)).toEqual([])
    damage(file, sql)
    return open
  })

const derived: ReadonlyArray<readonly [what: string, sql: string, problem: RegExp]> = [
  [
    "a row that is gone",
    "DELETE FROM senders WHERE stream = 1",
    /^the directory has no row of sender sender-0 \(version \d+\), which is live$/
  ],
  [
    "a row of another status",
    "UPDATE senders SET status = 'none' WHERE stream = 2",
    /^the directory's row of sender sender-1 \(version \d+\) differs from the log in status$/
  ],
  [
    "a row in another place",
    "UPDATE senders SET position = 99 WHERE stream = 2",
    /^the directory's row of sender sender-1 .* in position$/
  ],
  [
    "a row of no stream",
    "INSERT INTO senders SELECT 77, account, owner, 77, kind, status, domain, canonical, incarnation, added_at, updated_at, '{}', body, view_version FROM senders WHERE stream = 1",
    /^row 77 of the directory belongs to no stream$/
  ],
  [
    "a count of an owner",
    "UPDATE sender_counts SET senders = senders + 1 WHERE owner = 1",
    /^the count of \S+ senders of kind \S+ of .* of account account-1 is \d and should be \d$/
  ],
  [
    "a count of an account",
    "UPDATE sender_counts SET senders = senders + 1 WHERE owner = 0",
    /^the count of \S+ senders of kind \S+ of account account-1 is \d and should be \d$/
  ],
  ["counts that are gone", "DELETE FROM sender_counts", /^the count of .* is 0 and should be \d$/],
  [
    "metadata that is gone",
    "DELETE FROM sender_metadata WHERE stream = 1",
    /^sender sender-0 is not found by its metadata ".*"$/
  ],
  [
    "metadata in another place",
    "UPDATE sender_metadata SET position = 99 WHERE stream = 1",
    /^the metadata ".*" finds row 1, which does not have it$/
  ],
  [
    "metadata of nobody",
    "INSERT INTO sender_metadata VALUES (1, 'k', 'v', 1, 1)",
    /^the metadata "k" finds row 1, which does not have it$/
  ]
]

it.effect.each(derived)("finds and puts right: %s", ([, sql, problem]) =>
  Effect.gen(function* () {
    const open = yield* damagedStore(sql)
    const found = yield* open(problems)
    expect(
      found.filter((text) => problem.test(text)),
      found.join("\n")
    ).not.toEqual([])
    const done = yield* open(rebuild((text) => Effect.die(text)))
    expect(done.corrected + done.repaired).toBeGreaterThan(0)
    expect(yield* open(problems)).toEqual([])
    const query = { account: "account-1", order: "oldest-first", offset: 0, limit: 10 } as const
    const senders = yield* open(SenderDirectory.use((directory) => directory.page(query)))
    expect(senders.map(({ id }) => id)).toEqual(["sender-0", "sender-1", "sender-2"])
    expect(yield* open(SenderDirectory.use((directory) => directory.count(query)))).toBe(3)
    expect(yield* open(rebuild(() => Effect.void))).toMatchObject({ corrected: 0, repaired: 0 })
  })
)

const original: ReadonlyArray<readonly [what: string, sql: string, problem: RegExp]> = [
  ["an event that is gone", "DELETE FROM events WHERE position = 2", /^position 2 is missing in the log$/],
  [
    "events that are gone",
    "DELETE FROM events WHERE position BETWEEN 2 AND 4",
    /^positions 2 to 4 are missing in the log$/
  ],
  ["a hole in a stream", "DELETE FROM events WHERE stream = 1 AND version = 2", /^stream sender-0 has no event 2$/],
  [
    "the end of a stream",
    "DELETE FROM events WHERE stream = 1 AND version = (SELECT version FROM streams WHERE number = 1)",
    /^stream sender-0 has no event \d+$/
  ],
  [
    "an event of no known type",
    "UPDATE events SET type = 'Nonsense' WHERE position = 1",
    /^position 1 \(event 1 of stream sender-0\): .*unknown/
  ],
  [
    "an event of a newer version",
    "UPDATE events SET schema_version = 99 WHERE position = 1",
    /^position 1 \(event 1 of stream sender-0\): .*versions up to 1/
  ],
  [
    "an event that says something else",
    "UPDATE events SET data = json_set(data, '$.domain', 'other.example.com') WHERE position = 1",
    /^the directory's row of sender sender-0 .* domain/
  ],
  [
    "an event that is no JSON",
    "UPDATE events SET data = '{' WHERE position = 1",
    /^position 1 \(event 1 of stream sender-0\): /
  ],
  [
    "metadata that is no JSON",
    "UPDATE events SET meta = '' WHERE position = 1",
    /^position 1 \(event 1 of stream sender-0\): its metadata is not JSON$/
  ],
  [
    "a time that goes back",
    "UPDATE events SET recorded_at = -1 WHERE position = 3",
    /^position 3 \(stream sender-\d\) was recorded before the event in front of it$/
  ],
  ["a stream that is gone", "DELETE FROM streams WHERE number = 1", /^row 1 of the directory belongs to no stream$/],
  [
    "a task that carries nothing",
    "UPDATE tasks SET payload = '{}' WHERE kind = 'probe'",
    /^task \d{16}: what it carries is not of its kind/
  ],
  [
    "a probe that is gone",
    "DELETE FROM tasks WHERE kind = 'probe'",
    /^no task probes sender\.example\.com for account account-1/
  ]
]

it.effect.each(original)("finds: %s", ([, sql, problem]) =>
  Effect.gen(function* () {
    const open = yield* damagedStore(sql)
    const found = yield* open(problems)
    expect(
      found.filter((text) => problem.test(text)),
      found.join("\n")
    ).not.toEqual([])
  })
)

it.effect("a rebuild says which events it cannot read, and leaves that sender's row as it was", () =>
  Effect.gen(function* () {
    const open = yield* damagedStore(
      "UPDATE events SET type = 'Nonsense' WHERE position = 1; DELETE FROM sender_counts"
    )
    const row = Maintenance.use(({ streams }) => Effect.map(streams("", 1), ([first]) => first?.entry))
    const before = yield* open(row)
    expect(before).toBeDefined()
    const said: Array<string> = []
    const done = yield* open(rebuild((text) => Effect.sync(() => void said.push(text))))
    expect(done).toMatchObject({ problems: 1, corrected: 0 })
    expect(said).toEqual([expect.stringMatching(/^position 1 \(event 1 of stream sender-0\)/)])
    expect(yield* open(row)).toEqual(before)
  })
)
