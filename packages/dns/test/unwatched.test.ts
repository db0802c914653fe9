/** What a domain costs that is pending while nobody looks at it. */
import { assert, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { TestClock } from "effect/testing"
import { manyDomains } from "./stress/ManyDomains.ts"

const hour = 3_600_000
const domains = 6

it.effect("a pending domain that nobody looks at costs fewer than 20 questions in any hour after the second", () =>
  Effect.gen(function* () {
    const { world } = yield* manyDomains({ domains, accounts: 3, providers: 3, unpublished: true })
    yield* TestClock.adjust("8 hours")
    /** Also of what they share: the addresses of their providers' servers, and our own zone. */
    const asked = world.dns.log.filter(({ by }) => by === undefined)
    const shared = asked.filter(({ name }) => !name.includes("shop")).length / domains
    const perHour = world.domains.flatMap(({ zone: { apex } }) => {
      const times = asked.filter(({ name }) => name === apex || name.endsWith(`.${apex}`)).map(({ at }) => at)
      return times
        .filter((from) => from >= 2 * hour && from <= 7 * hour)
        .map((from) => times.filter((at) => at >= from && at < from + hour).length)
    })
    assert.isBelow(Math.max(...perHour) + shared / 8, 20)
  }).pipe(Effect.scoped, Random.withSeed("unwatched"))
)
