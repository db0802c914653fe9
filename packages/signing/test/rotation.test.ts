import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { keySlots } from "@countersign/core"
import { MemoryStorage } from "@countersign/memory"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Layer, Option } from "effect"
import { checkKeys, keyRecords, makeKeyRingChanges, type RotationStep, rotateKeys } from "../src/index.ts"
import { day, hour, zone } from "./KeyWorld.ts"
import { makeRotationWorld, type RotationWorld, ttl } from "./RotationWorld.ts"

type Rotate = (world: RotationWorld) => Effect.Effect<RotationStep, unknown>

/** Rotates through all slots as the command says, and sends all the while: 440 mails. */
const rotateThroughAll = Effect.fnUntraced(function* (world: RotationWorld, rotate: Rotate) {
  const steps: Array<string> = []
  const sendUntil = Effect.fnUntraced(function* (end: number) {
    yield* world.sendRound
    if (end - (yield* Clock.currentTimeMillis) > 3 * day) {
      yield* world.advance(3 * day)
      yield* world.sendRound
    }
    yield* world.advanceTo(end)
  })
  yield* world.begin
  yield* world.sendRound
  while ((yield* world.ring).history.length < 6) {
    const step = yield* rotate(world)
    steps.push(step._tag === "Moved" ? `Moved ${step.from}-${step.to}` : `${step._tag} ${step.slot}`)
    switch (step._tag) {
      case "Moved":
        yield* sendUntil(step.replaceFrom)
        break
      case "TooEarly":
        yield* sendUntil(step.until)
        break
      case "Replaced":
      case "Unpublished":
        yield* world.sendRound
        yield* world.publish(step.record)
        // Our own resolver keeps the old key for as long as any.
        yield* world.advance(ttl * 1_000)
        yield* world.operate(checkKeys)
    }
  }
  return steps
})

const all = ["TooEarly 2", "Moved 1-2", "Replaced 1", "Moved 2-3", "Replaced 2", "Moved 3-1", "Replaced 3"]
/** A step whose answer died with the process is met as its consequence by the next call. */
const asMet = [
  "TooEarly 2",
  "TooEarly 1",
  "Unpublished 1",
  "TooEarly 2",
  "Unpublished 2",
  "TooEarly 3",
  "Unpublished 3"
]

describe("a rotation through all slots over 40 domains", () => {
  it.effect("fails no mail, delivered at once or a week late", () =>
    Effect.gen(function* () {
      const world = yield* makeRotationWorld(yield* MemoryStorage.make())
      expect(yield* rotateThroughAll(world, ({ operate }) => operate(rotateKeys))).toEqual(all)
      expect(yield* world.end).toEqual({ judged: 880, failures: [] })
      expect((yield* world.ring).history).toHaveLength(6)
    })
  )

  it.effect("is done to its end though the process is killed at every step of it", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "countersign-rotation-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
      const storage = yield* Layer.build(SqliteStorage.layer({ file: join(folder, "rotation.db") }))
      const world = yield* makeRotationWorld(storage)
      let deaths = 0
      const rotate: Rotate = Effect.fnUntraced(function* ({ dieing }) {
        for (let step = 1; ; step++) {
          const done = yield* dieing(rotateKeys, step)
          if (Option.isSome(done)) return done.value
          deaths += 1
        }
      })
      expect(yield* rotateThroughAll(world, rotate)).toEqual(asMet)
      expect(deaths).toBeGreaterThan(40)
      expect(yield* world.end).toEqual({ judged: 880, failures: [] })
      expect((yield* world.ring).history).toHaveLength(6)
    })
  )

  it.effect("cannot go wrong by an operator who goes on trying what the laws forbid", () =>
    Effect.gen(function* () {
      const world = yield* makeRotationWorld(yield* MemoryStorage.make())
      yield* world.begin
      const tried = { refused: 0, done: 0, unchanged: 0 }
      const note = (what: keyof typeof tried) =>
        Effect.sync(() => {
          tried[what] += 1
        })
      const tryAll = (moves: boolean) =>
        Effect.gen(function* () {
          const { end, generate, load, move } = yield* makeKeyRingChanges("operator")
          const attempt = (change: ReturnType<typeof move>) =>
            Effect.matchEffect(change, {
              onSuccess: ({ happened }) => note(happened ? "done" : "unchanged"),
              onFailure: (error) => (error._tag === "KeyRingRefused" ? note("refused") : Effect.fail(error))
            })
          for (const slot of keySlots) {
            const { key, signedUntil = 0 } = (yield* load).ring.slots[slot]
            if (moves) yield* attempt(move(slot))
            // One that never signed may go at any time.
            if (key !== undefined && signedUntil >= key.generatedAt) yield* attempt(end("RetireKey", slot, key.keyId))
            yield* attempt(generate(slot))
          }
          return keyRecords((yield* load).ring, zone)
        })
      for (let round = 0; round < 10; round++) {
        yield* world.sendRound
        for (let tick = 0; tick < 6; tick++) {
          for (const record of yield* world.operate(tryAll(round % 5 < 2))) yield* world.publish(record)
          yield* world.operate(checkKeys)
          yield* world.advance(12 * hour)
        }
      }
      expect(tried.refused).toBeGreaterThan(100)
      expect(tried.done).toBeGreaterThan(5)
      expect(yield* world.end).toEqual({ judged: 800, failures: [] })
    })
  )

  it.effect("would fail every mail on its way, were a key replaced at once", () =>
    Effect.gen(function* () {
      const world = yield* makeRotationWorld(yield* MemoryStorage.make())
      yield* world.begin
      yield* world.sendRound
      const [, second] = keyRecords(yield* world.ring, zone)
      if (second === undefined) return yield* Effect.die("slot 2 has no key")
      // As if slot 1 had a new key already.
      yield* world.publish({ ...second, name: `*.k1.${zone}` })
      const { failures, judged } = yield* world.end
      expect([judged, failures.length]).toEqual([80, 40])
      expect(yield* Clock.currentTimeMillis).toBe(8 * day)
    })
  )
})
