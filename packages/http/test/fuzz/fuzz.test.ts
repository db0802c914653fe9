/**
 * Ten thousand requests, half of what is wanted and half of what is not: whatever comes, every answer is one that the
 * OpenAPI document has for the operation, in the form of the dialect that owns the path. `FUZZ_SEED=<number>` repeats a
 * run, `FUZZ_REQUESTS` makes it longer.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Chance, makeChance } from "./Chance.ts"
import { garbage } from "./Garbage.ts"
import { judge, type Verdict } from "./Judge.ts"
import { type Operation, operations } from "./Operations.ts"
import { draftOf, requestFor, sendingOf } from "./Requests.ts"
import { makeTally } from "./Tally.ts"
import type { Known } from "./Values.ts"
import { type Sending, startWorld, type World } from "./World.ts"

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32))
const requests = Number(process.env.FUZZ_REQUESTS ?? 10_000)

/** Longer than any answer takes on the slowest machine: what takes longer hangs. */
const patience = 30_000

/** What no caller can bring about, so that it is reached in `fault-statuses.test.ts` by faults of the storage. */
const faultsOnly = new Map([
  [500, "a fault of ours"],
  [503, "the storage does not answer"]
])

const tally = makeTally()
const wrong: Array<string> = []
let world: World

const shown = ({ method, target, headers, body }: Sending): string =>
  `${method} ${target.slice(0, 300)} ${JSON.stringify(headers).slice(0, 400)} ${JSON.stringify(Buffer.from(body ?? []).toString()).slice(0, 300)}`

const answered = async (sending: Sending): Promise<Verdict> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer to ${shown(sending)}`)), patience)
  })
  const read = async () => {
    const response = await world.send(sending)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  try {
    const answer = await Promise.race([read(), hangs])
    const verdict = judge(sending, answer)
    tally.add(verdict.row, verdict.status)
    const problems =
      verdict.status >= 500 ? ["nothing is wrong with the service", ...verdict.problems] : verdict.problems
    if (problems.length > 0)
      wrong.push(`${shown(sending)}\n  ${verdict.status}: ${problems.join("; ")}\n  ${answer.text.slice(0, 300)}`)
    return verdict
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The same twice at once, as an impatient client sends it, and then under the same key for another body. Answers how
 * many more than one.
 */
const repeated = async (sending: Sending, key: string): Promise<number> => {
  const keyed: Sending = { ...sending, headers: [...sending.headers, ["idempotency-key", key]] }
  const type: Sending["headers"] = sending.body === undefined ? [["content-type", "application/json"]] : []
  await Promise.all([answered(keyed), answered(keyed)])
  await answered({
    ...keyed,
    headers: [...keyed.headers, ...type],
    body: withSpace(sending.body ?? encoder.encode("{}"))
  })
  return 2
}

const encoder = new TextEncoder()
/** The same JSON in other bytes. */
const withSpace = (body: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from([...body, 0x20])

/** What requests can name; dead links are remembered for a while. */
const knownNow = async (chance: Chance, before: Known | undefined): Promise<Known> => {
  const [first, second] = world.tenants
  const [tenant, other] = chance.percent(50) ? [first, second] : [second, first]
  const senders = await world.senders(tenant)
  return {
    tenant,
    other,
    senders,
    links: [...(before?.links ?? []), ...senders.flatMap(({ link }) => link ?? [])].slice(-200)
  }
}

const timePasses = async (chance: Chance) => {
  if (chance.percent(8)) await world.publish()
  if (chance.percent(40)) await world.pass(chance.pick(["11 seconds", "61 seconds", "61 seconds", "5 minutes"]))
  else if (chance.percent(6)) await world.pass("25 hours")
  else if (chance.percent(4)) await world.pass("31 days")
}

/** The operation with a status that was hardly seen, if there is one: it is asked more often than the others. */
const rarest = (): Operation | undefined => {
  const seen = operations.map((operation) => {
    const statuses = [...operation.answers.keys()].filter((status) => !faultsOnly.has(status))
    return { operation, least: Math.min(...statuses.map((status) => tally.of(operation.name, status))) }
  })
  const [first] = seen.sort((a, b) => a.least - b.least)
  return first !== undefined && first.least < 3 ? first.operation : undefined
}

beforeAll(async () => {
  const chance = makeChance(seed)
  world = await startWorld(makeChance(seed + 1))
  let known = await knownNow(chance, undefined)
  for (let sent = 0; sent < requests; sent++) {
    if (sent % 25 === 0) {
      await timePasses(chance)
      known = await knownNow(chance, known)
    }
    const rare = chance.percent(40) ? rarest() : undefined
    const operation = rare ?? chance.pickAny(operations)
    if (operation === undefined || chance.percent(20)) {
      await answered(garbage(chance, known))
      continue
    }
    if (!chance.percent(rare === undefined ? 4 : 15)) await answered(requestFor(chance, known, operation))
    else sent += await repeated(sendingOf(chance, draftOf(chance, known, operation)), `again ${sent}`)
  }
  process.stdout.write(`seed ${seed}, ${tally.total()} requests, ${tally.succeeded()} succeeded\n${tally.table()}\n`)
}, 300_000)

afterAll(() => world.stop())

describe(`whatever is sent (FUZZ_SEED=${seed})`, () => {
  it("every answer is one that is documented, in the form of whoever owns the path", () => {
    expect(wrong.slice(0, 5)).toEqual([])
  })

  it("at least three of ten requests succeed", () => {
    expect(tally.total()).toBeGreaterThanOrEqual(requests)
    expect(tally.succeeded() / tally.total()).toBeGreaterThan(0.3)
  })

  it("every documented status of every operation is reached", () => {
    const missed = operations.flatMap(({ name, answers }) =>
      [...answers.keys()]
        .filter((status) => !faultsOnly.has(status) && tally.of(name, status) === 0)
        .map((status) => `${name} ${status}`)
    )
    expect(missed).toEqual([])
  })

  it("every route that leads nowhere is answered by each of the owners", () => {
    for (const dialect of ["Native", "Space Invoices", "OpenTransact", "Sendmachine", "problem"]) {
      expect([
        dialect,
        tally.of(`unknown path, ${dialect}`, 404) > 0,
        tally.of(`wrong method, ${dialect}`, 405) > 0
      ]).toEqual([dialect, true, true])
    }
  })
})
