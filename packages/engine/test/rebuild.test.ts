import { viewVersion } from "@countersign/core"
import { EventStore, Maintenance, rebuild, SenderDirectory, type StoredStream, verify } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { arbitraryHistory, playAll } from "@countersign/testkit"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { eventOf } from "./Commits.ts"

const lives = fc.sample(
  arbitraryHistory({ length: 6 }).filter(
    ({ steps }) => steps[0]?.act._tag === "Add" && steps.every(({ act }) => act._tag !== "Remove")
  ),
  { numRuns: 3, seed: 1 }
)

const rows = Maintenance.use(({ streams }) => streams("", 10))
const wrong = ({ stream, version, entry }: StoredStream, view = viewVersion) => ({
  stream,
  version,
  entry: entry && { ...entry, address: "wrong@example.com" },
  view
})
const never = (problem: string) => Effect.die(new Error(problem))

it.effect("a stream that is committed to while its row is made is done again", () =>
  Effect.gen(function* () {
    yield* playAll(lives)
    const before = yield* rows
    const maintenance = yield* Maintenance
    yield* maintenance.correct(before.map((row) => wrong(row)))
    const { commit } = yield* EventStore
    let races = 0
    const raced = Maintenance.of({
      ...maintenance,
      correct: (entries) =>
        Effect.gen(function* () {
          for (const { stream, version, entry } of races < 3 ? entries : []) {
            if (entry === undefined || stream !== "sender-1") continue
            races += 1
            // Written as the commit of another server writes it, from a row that is wrong in memory only.
            const { position: _, ...rest } = entry
            const append = { stream, expected: version, events: [eventOf("{}")], entry: rest, tasks: [] }
            const event = { ...eventOf(), type: "VerificationMailSent", data: mailSent }
            yield* commit([
              {
                account: entry.account,
                command: { id: `race ${races}`, fingerprint: "", result: "" },
                appends: [{ ...append, events: [event] }]
              }
            ])
            yield* maintenance.correct([wrong({ stream, version: version + 1, entry, view: viewVersion })])
          }
          return yield* maintenance.correct(entries)
        }).pipe(Effect.orDie)
    })
    const done = yield* rebuild(never).pipe(Effect.provideService(Maintenance, raced))
    expect(races).toBe(3)
    expect(done).toMatchObject({ problems: 0, corrected: before.length })
    expect((yield* rows).map(({ entry }) => entry)).toEqual(before.map(({ entry }) => entry))
  }).pipe(Effect.provide(MemoryStorage.layer))
)

/** An event that changes nothing: of a link that was never issued. */
const mailSent = JSON.stringify({ at: 0, verificationId: "foreign", messageId: "<m@example.com>", expiresAt: 1 })

it.effect("rows of a newer program are left alone, counted, and no problem", () =>
  Effect.gen(function* () {
    yield* playAll(lives)
    const [first, ...others] = yield* rows
    if (first === undefined) return yield* Effect.die("nothing was played")
    const { correct } = yield* Maintenance
    const newer = wrong(first, viewVersion + 1)
    yield* correct([newer, ...others.map((row) => wrong(row))])
    expect(yield* rebuild(never)).toMatchObject({ newer: 1, corrected: others.length, problems: 0, streams: 3 })
    expect(yield* rows).toEqual([{ ...first, entry: newer.entry, view: viewVersion + 1 }, ...others])
    expect(yield* verify(never)).toMatchObject({ newer: 1, problems: 0, tasks: expect.any(Number) })
    expect(yield* SenderDirectory.use(({ count }) => count({ account: "account-1" }))).toBe(3)
  }).pipe(Effect.provide(MemoryStorage.layer))
)

it.effect("a transition that does not follow from its evidence is a problem, and its row is made all the same", () =>
  Effect.gen(function* () {
    yield* playAll(lives)
    const [row] = yield* rows
    if (row?.entry === undefined) return yield* Effect.die("nothing was played")
    const { stream, version, entry } = row
    const { position: _, ...rest } = entry
    const event = { ...eventOf(), type: "DomainVerified", data: JSON.stringify({ at: 0, evidence: [] }) }
    const append = { stream, expected: version, events: [event], entry: rest, tasks: [] }
    yield* EventStore.use(({ commit }) =>
      commit([{ account: entry.account, command: { id: "doubtful", fingerprint: "", result: "" }, appends: [append] }])
    )
    const problems: Array<string> = []
    expect(yield* rebuild(() => Effect.void)).toMatchObject({ problems: 1 })
    expect(yield* verify((problem) => Effect.sync(() => problems.push(problem)))).toMatchObject({ problems: 1 })
    expect(problems[0]).toMatch(
      new RegExp(
        `^position \\d+ \\(event ${version + 1} of stream ${stream}\\): the transition does not follow from its ` +
          "evidence: the evidence does not show every record right$"
      )
    )
    expect((yield* rows)[0]?.entry?.domainState).toBe("verified")
  }).pipe(Effect.provide(MemoryStorage.layer))
)

it.effect("a row of an older view that is right is stamped anew, once", () =>
  Effect.gen(function* () {
    yield* playAll(lives)
    const before = yield* rows
    const { correct } = yield* Maintenance
    yield* correct(before.map((row) => ({ ...row, entry: undefined })))
    yield* correct(before.map((row) => ({ ...row, view: viewVersion - 1 })))
    expect(yield* rebuild(never)).toMatchObject({ corrected: before.length })
    expect(yield* rows).toEqual(before)
    expect(yield* rebuild(never)).toMatchObject({ corrected: 0 })
  }).pipe(Effect.provide(MemoryStorage.layer))
)
