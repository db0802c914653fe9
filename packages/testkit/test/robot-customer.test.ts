/**
 * The customer who does what the fixes say, and nothing else, mends every mistake in every panel within two rounds. The
 * zone's second server shows each change a minute later, and the recursive resolver keeps what it heard before.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { mistakes } from "./robot/Mistakes.ts"
import { panelDialects } from "./robot/Panels.ts"
import { healByFixes } from "./robot/RobotCustomer.ts"
import { makeWorld } from "./robot/World.ts"

it("there are forty mistakes at least, each with its own name", () => {
  expect(new Set(mistakes.map(({ name }) => name)).size).toBe(mistakes.length)
  expect(mistakes.filter(({ isRight = false }) => !isRight).length).toBeGreaterThanOrEqual(40)
})

describe.each(panelDialects)("in the panel: $name", (dialect) => {
  it.effect.each(mistakes)("$name", (mistake) =>
    Effect.gen(function* () {
      const { isRight = false, textBeside = false } = mistake
      const { diagnose, keys, keysSeen, panels } = makeWorld(mistake, dialect)
      if (!textBeside) expect((yield* keysSeen).join() === keys.join()).toBe(isRight)
      const { healed, rounds, story } = yield* healByFixes({ panels, diagnose, pause: TestClock.adjust("2 minutes") })
      expect({ healed, isRight: rounds === 0 }, story.join("\n")).toEqual({ healed: true, isRight })
      if (!textBeside) expect(yield* keysSeen).toEqual(keys)
    })
  )
})
