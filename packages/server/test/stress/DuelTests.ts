/** The tests of `Duels.ts` on a storage. */

import { long, seed } from "@countersign/testkit"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { raceDeclines } from "./DeclineRace.ts"
import { raceOnOneStream, takeOver } from "./Duels.ts"
import type { Store } from "./Installation.ts"

export const duelTests = (
  title: string,
  newStore: (name: string) => Store | Promise<Store>,
  strikes: ReadonlyArray<"killed" | "frozen">
): void => {
  it("of two processes that race on one stream one wins each round", async () => {
    const rounds = long ? 500 : 50
    const store = await newStore("race")
    const { created, removed, faults } = await Effect.runPromise(Effect.scoped(raceOnOneStream(store, rounds)))
    console.info(`${title}: of ${rounds} rounds the two sides created ${created}, removed ${removed}`)
    expect(faults).toEqual([])
  })

  it.each([1, 2])("in %i processes a decline that was acknowledged keeps mail back", async (processes) => {
    // In one process the engine's own test has a thousand rounds.
    const rounds = !long ? 50 : processes === 1 ? 200 : 1_000
    const store = await newStore(`declines${processes}`)
    const race = await Effect.runPromise(Effect.scoped(raceDeclines(store, processes, rounds, seed)))
    const { declined, sent, kept, faults } = race
    console.info(
      `${title}: of ${rounds} rounds in ${processes} processes ${sent} mails were sent and ${kept} kept back, seed ${seed}`
    )
    expect(faults).toEqual([])
    expect(declined).toBe(rounds)
  })

  it.each(strikes)("the mail of a process that is %s is sent again when its lease ends", async (strike) => {
    const outcome = await Effect.runPromise(Effect.scoped(takeOver(await newStore(strike), strike)))
    expect(outcome.mails).toHaveLength(2)
    expect(new Set(outcome.mails).size, "the same message").toBe(1)
    expect([outcome.recorded, outcome.waiting], "recorded once, and done").toEqual([1, 0])
    expect(outcome.ends).toEqual([strike === "killed" ? "SIGKILL" : 0, 0])
    expect(outcome.logs.join("")).not.toMatch(/level=(?:error|fatal)/i)
  })
}
