/**
 * A program that passes wrong types to every method and every member, among others that do as they should.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { exportLines, importStore, verify } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { long, seed } from "@countersign/testkit"
import { memory } from "countersign/memory"
import { sqlite } from "countersign/sqlite"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { isSenderFailure } from "../../src/AsyncSenders.ts"
import { makeWorld, refusalOf, type World } from "../World.ts"
import { type HostileCall, harmless, hostileCall, hostileThings, useCases } from "./Hostile.ts"

const folder = mkdtempSync(join(tmpdir(), "countersign-hostile-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const storages = [
  ["memory", memory],
  ["SQLite", () => sqlite(join(folder, `${Math.random()}.db`))]
] as const

const calls = long ? 10_000 : 300

/** Adds a sender, and brings it to where it may send. */
const activate = async ({ senders, advance, tokenTo, publish }: World, account: string, address: string) => {
  const { sender } = await senders.add({ account, address })
  await advance("1 second")
  await senders.confirm({ token: await tokenTo(address) })
  await publish(account, sender.id)
  await senders.probe({ account, id: sender.id })
  await advance("1 minute")
  return senders.get({ account, id: sender.id })
}

/** A sender that is there, whatever was removed. */
const present = async ({ senders }: World) => {
  const [newest] = await senders.list({ account: "acme", order: "newest-first", offset: 0, limit: 1 })
  return newest ?? (await senders.add({ account: "acme", address: "again@acme.com" })).sender
}

/** What is wrong with the store; and another takes all of it. */
const soundness = Effect.gen(function* () {
  const problems: Array<string> = []
  yield* verify((problem) => Effect.sync(() => void problems.push(problem)))
  const file = Stream.encodeText(exportLines({ withKey: true, withSigningKeys: true }))
  const bytes = yield* Stream.runCollect(file)
  const { events } = yield* importStore(Stream.fromIterable(bytes), { newIdentityKey: false }).pipe(
    Effect.provide(MemoryStorage.layer)
  )
  return { problems, events }
})

describe.each(storages)("a hostile program on %s", (title, storage) => {
  it(`is refused, and harms nobody, in ${calls} calls`, async () => {
    const world = await makeWorld(storage())
    const { senders, advance, tokenTo, run } = world
    const seen = new Map<string, number>()
    const faults: Array<string> = []
    const call = async ({ useCase, name, input }: HostileCall, given: Record<string, unknown>) => {
      try {
        await senders[useCase](input(given) as never) // Nothing that TypeScript would let through.
        count("answered")
      } catch (error) {
        if (isSenderFailure(error)) count(error._tag)
        else faults.push(`${name}: ${error instanceof Error ? error.stack : typeof error}`)
      }
    }
    const count = (end: string) => seen.set(end, (seen.get(end) ?? 0) + 1)

    const hostile = fc.sample(hostileCall, { numRuns: calls, seed })
    for (const [index, each] of hostile.entries()) {
      if (index % 20 === 0) {
        // One that does as it should, of the same account and domain, and one of others.
        await senders.add({ account: "acme", address: `good${index}@acme.com`, metadata: { index } })
        await senders.add({ account: `other${index}`, address: `good@other${index}.com` })
        await advance("1 second")
      }
      const { id, address } = await present(world)
      const idempotency = { key: `k${index - (index % 3)}`, fingerprint: "f" }
      await call(each, { id, token: await tokenTo(address), idempotency })
    }
    console.info(
      `a hostile program on ${title}: ${calls} calls, seed ${seed}: ${JSON.stringify(Object.fromEntries(seen))}`
    )
    expect(faults).toEqual([])
    expect(seen.get("InvalidData") ?? 0).toBeGreaterThan(calls / 2)

    const before = await run(soundness)
    expect(before.problems).toEqual([])
    expect(before.events).toBeGreaterThan(calls / 10)
    const states: Array<string> = []
    for (let index = 0; index < calls; index += calls / 5) {
      states.push((await activate(world, `other${index}`, `good@other${index}.com`)).status)
      states.push((await activate(world, "acme", `after${index}@acme.com`)).status)
    }
    expect(new Set(states)).toEqual(new Set(["active"]))
    expect((await run(soundness)).problems).toEqual([])
    await world.close()
  }, 600_000)

  it("is refused whatever it passes as metadata, or the store gives back what it took", async () => {
    const world = await makeWorld(storage())
    const { senders, run } = world
    const taken: Array<string> = []
    for (const [index, { name, make }] of hostileThings.entries()) {
      for (const [place, metadata] of [make(), { text: make() }].entries()) {
        const input = { account: "acme", address: `a${index}-${place}@acme.com`, metadata }
        try {
          const { sender } = await senders.add(input as never)
          taken.push(name)
          const [{ event } = {}] = await senders.history({ account: "acme", id: sender.id })
          expect(event).toMatchObject({ _tag: "SenderAdded", metadata: sender.metadata })
        } catch (error) {
          expect([name, isSenderFailure(error), error]).toMatchObject([name, true, { _tag: "InvalidData" }])
        }
      }
    }
    expect(await run(soundness)).toMatchObject({ problems: [] })
    expect(new Set(taken)).toEqual(harmless)
    await world.close()
  })

  it("meets every use case", async () => {
    const world = await makeWorld(storage())
    expect([...useCases].sort()).toEqual(Object.keys(world.senders).sort())
    await world.close()
  })

  it.each([
    ["add", { owner: { _tag: "Organization", organization: undefined } }, "owner.organization"],
    ["add", { owner: { _tag: "Organization", organization: 42 } }, "owner.organization"],
    ["add", { owner: "Account" }, "owner"],
    ["add", { metadata: "x" }, "metadata"],
    ["add", { metadata: [1] }, "metadata"],
    ["add", { notifyAccount: "yes" }, "notifyAccount"],
    ["remove", { id: "x", reason: 42 }, "reason"]
  ] as const)("is told the member: %s %j", async (useCase, wrong, member) => {
    const world = await makeWorld(storage())
    const input = { account: "acme", address: "hello@acme.com", ...wrong }
    const refused = await refusalOf(() => world.senders[useCase](input as never))
    expect(refused).toMatchObject({ _tag: "InvalidData", member })
    expect(await world.senders.count({ account: "acme" })).toBe(0)
    await world.close()
  })
})
