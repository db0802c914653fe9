/**
 * The documented statuses that no caller can bring about: every operation that documents them answers them, when the
 * storage fails.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeChance } from "../fuzz/Chance.ts"
import { judge } from "../fuzz/Judge.ts"
import { operations } from "../fuzz/Operations.ts"
import { draftOf, sendingOf } from "../fuzz/Requests.ts"
import type { Known } from "../fuzz/Values.ts"
import { startWorld, type World } from "../fuzz/World.ts"

const chance = makeChance(1)
let world: World
let known: Known
beforeAll(async () => {
  world = await startWorld(makeChance(2))
  const [tenant, other] = world.tenants
  const body = new TextEncoder().encode('{"email":"a@acme.com"}')
  const headers = [
    ["authorization", tenant.key],
    ["content-type", "application/json"]
  ] as const
  await world.send({ method: "POST", target: "/v1/email-address", headers, body })
  const senders = await world.senders(tenant)
  known = { tenant, other, senders, links: senders.flatMap(({ link }) => link ?? []) }
})
afterAll(() => world.stop())

describe.each([
  [500, "fault"],
  [503, "unavailable"]
] as const)("%i, by a storage with a %s", (expected, how) => {
  const documented = operations.filter(({ answers }) => answers.has(expected))

  it("is documented by every operation that asks the storage", () => {
    const others = operations.filter((operation) => !documented.includes(operation)).map(({ path }) => path)
    expect(others).toEqual(how === "fault" ? ["/health", "/ready", "/metrics"] : ["/health", "/metrics"])
  })

  it.each(documented.map((operation) => [operation.name, operation] as const))("%s", async (_, operation) => {
    for (const accept of ["*/*", "application/json"]) {
      const draft = draftOf(chance, known, operation)
      draft.headers.set("accept", accept)
      const sending = sendingOf(chance, draft)
      // A key is looked up once a second.
      await world.pass("1 second")
      await world.disturb(how)
      const response = await world.send(sending)
      await world.disturb("not")
      const answer = { status: response.status, headers: response.headers, text: await response.text() }
      expect(judge(sending, answer)).toEqual({ row: operation.name, status: expected, problems: [] })
    }
  })
})
