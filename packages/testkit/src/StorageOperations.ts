/**
 * An operator's work on any storage: `rebuild`, `verify`, `export` and `import` over random histories. What is right
 * they leave alone, what is wrong they find, and a store that was moved is the same to the byte.
 *
 * A failing history is shrunk, and printed with the seed that repeats it.
 */
import {
  AccountId,
  CanonicalAddress,
  DomainName,
  type LiveStatus,
  StoredSenderId,
  viewVersion
} from "@countersign/core"
import {
  type EntryCorrection,
  exportLines,
  importStore,
  Maintenance,
  rebuild,
  type StoredStream,
  verify
} from "@countersign/engine"
import { Context, Effect, Layer, Ref, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { beginning, type StorageLayer, type StoragePorts } from "./StorageContract/Clause.ts"
import { furnishAround, histories, playAll } from "./StorageOperations/PlayedStore.ts"

/** How much is tried. */
export interface OperationsOptions {
  /** How many histories for each property; 20 when absent. */
  readonly runs?: number
  /** Another adapter: stores are moved to it, and from there back. */
  readonly by?: StorageLayer
}

const patience = 120_000

/** Registers the suite with vitest. `layer` must make a new, empty store each time it is built. */
export const storageOperations = (
  name: string,
  layer: StorageLayer,
  { runs = 20, by = layer }: OperationsOptions = {}
): void => {
  const newStore = Layer.build(Layer.fresh(layer))
  const property = <T>(
    title: string,
    arbitrary: fc.Arbitrary<T>,
    body: (value: T) => Effect.Effect<void, unknown, Scope.Scope>
  ) =>
    it(title, { timeout: patience }, () =>
      fc.assert(
        fc.asyncProperty(arbitrary, (value) =>
          TestClock.setTime(beginning).pipe(
            Effect.andThen(body(value)),
            Effect.scoped,
            Effect.provide(TestClock.layer()),
            Effect.runPromise
          )
        ),
        { numRuns: runs }
      )
    )

  describe(`an operator's work: ${name}`, () => {
    property("a store that was moved is sound, and the same to the byte", fc.tuple(histories, fc.nat()), ([all, cut]) =>
      Effect.gen(function* () {
        const one = yield* newStore
        yield* Effect.provideContext(Effect.andThen(furnishAround, playAll(all)), one)
        expect(yield* problemsIn(one)).toEqual([])
        const text = yield* exported(one)
        const two = yield* Layer.build(Layer.fresh(by))
        const imported = yield* Effect.provideContext(importStore(inPieces(text, cut), { newIdentityKey: false }), two)
        expect(imported).toMatchObject({ withKey: true, rows: text.split("\n").length - 3 })
        expect(yield* exported(two)).toBe(text)
        expect(yield* rowsIn(two)).toEqual(yield* rowsIn(one))
        const three = yield* newStore
        yield* Effect.provideContext(importStore(inPieces(text, 1_000), { newIdentityKey: false }), three)
        expect(yield* exported(three)).toBe(text)
        expect(yield* problemsIn(two)).toEqual([])
      })
    )

    property(
      "every wrong row is found and put right, and nothing else is touched",
      fc.tuple(histories, damages),
      ([all, some]) =>
        Effect.gen(function* () {
          const store = yield* newStore
          yield* Effect.provideContext(playAll(all), store)
          const before = yield* rowsIn(store)
          const { correct } = Context.get(store, Maintenance)
          const wrong = new Map(
            some.map((damage) => [before[damage.stream % Math.max(1, before.length)], damage] as const)
          )
          const corrections = [...wrong].flatMap(([row, { how }]) =>
            row === undefined ? [] : (damaged(row, how) ?? [])
          )
          yield* correct(corrections)
          const problems = yield* problemsIn(store)
          for (const { stream } of corrections) expect(problems.join("\n")).toContain(stream)
          expect(problems.length).toBe(corrections.length)
          const done = yield* rebuilt(store)
          expect(done).toMatchObject({ corrected: corrections.length, problems: 0, repaired: 0 })
          expect(done.stored).toBe(done.rebuilt)
          expect(yield* rowsIn(store)).toEqual(before)
          expect(yield* rebuilt(store)).toMatchObject({ corrected: 0, stored: done.stored })
        })
    )

    property(
      "neither a rebuild nor a look raises an alarm while others commit",
      fc.tuple(histories, histories),
      ([first, then]) =>
        Effect.gen(function* () {
          const store = yield* newStore
          yield* Effect.provideContext(playAll(first), store)
          const busy = yield* Ref.make(true)
          const commits = Effect.andThen(playAll(then, "later"), Ref.set(busy, false))
          const looks = Effect.gen(function* () {
            do {
              expect(yield* rebuilt(store)).toMatchObject({ corrected: 0, problems: 0 })
              expect(yield* problemsIn(store)).toEqual([])
            } while (yield* Ref.get(busy))
          })
          yield* Effect.all([Effect.provideContext(commits, store), looks], { concurrency: "unbounded" })
          expect(yield* problemsIn(store)).toEqual([])
        })
    )

    property(
      "a file that is cut off or altered anywhere is refused, and the store stays empty",
      fc.tuple(histories, harm),
      ([all, make]) =>
        Effect.gen(function* () {
          const one = yield* newStore
          yield* Effect.provideContext(Effect.andThen(furnishAround, playAll(all)), one)
          const text = yield* exported(one)
          const harmed = make(text)
          if (harmed.trimEnd() === text.trimEnd()) return
          const two = yield* newStore
          const empty = yield* exported(two)
          const attempt = importStore(inPieces(harmed, 1_000), { newIdentityKey: false })
          expect(yield* Effect.flip(Effect.provideContext(attempt, two)), harmed).toMatchObject({
            _tag: "ImportRefused"
          })
          expect(yield* exported(two)).toBe(empty)
        })
    )
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Looking

type Store = Context.Context<StoragePorts>

const exported = (store: Store) =>
  exportLines({ withKey: true, withSigningKeys: true }).pipe(Stream.mkString, Effect.provideContext(store))

const rowsIn = (store: Store) => Context.get(store, Maintenance).streams("", 1_000)

const problemsIn = Effect.fnUntraced(function* (store: Store) {
  const problems: Array<string> = []
  const seen = yield* verify((problem) => Effect.sync(() => void problems.push(problem))).pipe(
    Effect.provideContext(store)
  )
  expect(seen.problems).toBe(problems.length)
  expect(seen.stored === seen.rebuilt).toBe(problems.length === 0)
  return problems
})

const rebuilt = (store: Store) =>
  rebuild((problem) => Effect.die(new Error(problem))).pipe(Effect.provideContext(store))

const inPieces = (text: string, size: number): Stream.Stream<Uint8Array> => {
  const bytes = new TextEncoder().encode(text)
  const length = Math.max(1, size % bytes.length)
  return Stream.fromIterable(
    Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
      bytes.subarray(index * length, (index + 1) * length)
    )
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// Harming

const kindsOfDamage = ["gone", "stale", "moved", "metadata", "risen"] as const

interface Damage {
  readonly stream: number
  readonly how: (typeof kindsOfDamage)[number]
}

const damages: fc.Arbitrary<ReadonlyArray<Damage>> = fc.array(
  fc.record({ stream: fc.nat(3), how: fc.constantFrom(...kindsOfDamage) }),
  { minLength: 1, maxLength: 3 }
)

/** The row as it should not be; `undefined` when it cannot be harmed so. */
const damaged = (row: StoredStream, how: Damage["how"]): ReadonlyArray<EntryCorrection> | undefined => {
  const { stream, version, entry } = row
  const view = viewVersion
  if (entry === undefined) {
    return how === "risen"
      ? [{ stream, version, view, entry: { ...risen, id: StoredSenderId.make(stream) } }]
      : undefined
  }
  switch (how) {
    case "gone":
      return [{ stream, version, view, entry: undefined }]
    case "stale":
      return [{ stream, version, view, entry: { ...entry, status: otherStatus(entry.status) } }]
    case "moved":
      return [{ stream, version, view, entry: { ...entry, position: entry.position + 1_000 } }]
    case "metadata":
      return [{ stream, version, view, entry: { ...entry, metadata: { ...entry.metadata, "never there": 1 } } }]
    case "risen":
      return undefined
  }
}

const otherStatus = (status: LiveStatus): LiveStatus => (status === "pending" ? "active" : "pending")

const risen = {
  account: AccountId.make("account-1"),
  owner: { _tag: "Account" },
  kind: "email",
  address: "ghost@sender.example.com",
  canonical: CanonicalAddress.make("ghost@sender.example.com"),
  domain: DomainName.make("sender.example.com"),
  status: "pending",
  mailbox: "pending",
  domainState: "pending",
  domainSince: 0,
  verdicts: [],
  plan: { shape: 1, zone: "dkim.example.org", tokens: ["a", "b", "c"], records: [] },
  metadata: {},
  incarnation: 1,
  addedAt: 0,
  updatedAt: 0,
  position: 1
} as const

/** One way to spoil a text. */
const harm: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc.nat().map((at) => (text: string) => text.slice(0, at % text.length)),
  fc.nat().map((at) => (text: string) => replacedAt(text, at % text.length)),
  fc.nat().map((at) => (text: string) => withLines(text, (lines, index) => lines.toSpliced(index, 1), at)),
  fc
    .nat()
    .map(
      (at) => (text: string) => withLines(text, (lines, index) => lines.toSpliced(index, 0, lines[index] ?? ""), at)
    ),
  fc
    .nat()
    .map(
      (at) => (text: string) =>
        withLines(text, (lines, index) => lines.toSpliced(index, 2, lines[index + 1] ?? "", lines[index] ?? ""), at)
    ),
  fc.constant((text: string) => text.replaceAll("\n", "\r\n")),
  fc.constant((text: string) => `${text}{}\n`)
)

const replacedAt = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === "7" ? "8" : "7") + text.slice(at + 1)

const withLines = (
  text: string,
  change: (lines: ReadonlyArray<string>, index: number) => ReadonlyArray<string>,
  at: number
): string => {
  const lines = text.trimEnd().split("\n")
  return `${change(lines, at % (lines.length - 1)).join("\n")}\n`
}
