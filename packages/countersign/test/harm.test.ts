/**
 * What a program did wrong in the past, or does to its own objects, harms no other sender.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EventStore, SenderDirectory } from "@countersign/engine"
import { memory } from "countersign/memory"
import { sqlite } from "countersign/sqlite"
import { Effect } from "effect"
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeWorld, type World } from "./World.ts"

const folder = mkdtempSync(join(tmpdir(), "countersign-harm-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const account = "acme"

describe.each([
  ["memory", memory],
  ["SQLite", () => sqlite(join(folder, `${Math.random()}.db`))]
] as const)("on %s", (_, storage) => {
  let world: World
  beforeEach(async () => {
    world = await makeWorld(storage())
  })
  afterEach(() => world.close())

  /** Writes an event into a stream as no program of today would; its row stays, so that everybody meets it. */
  const spoil = (id: string, type: string) =>
    world.run(
      Effect.gen(function* () {
        const store = yield* EventStore
        const { events } = yield* store.readStream(id, 0, 1_000)
        const { position: _, ...entry } = yield* Effect.fromOption(yield* (yield* SenderDirectory).find(account, id))
        const event = { type, schemaVersion: 1, data: '{"at":"never"}', meta: "{}" }
        const [outcome] = yield* store.commit([
          {
            account,
            command: { id: `spoil ${id}`, fingerprint: "", result: "" },
            appends: [{ stream: id, expected: events.length, events: [event], entry, tasks: [] }]
          }
        ])
        expect(outcome?._tag).toBe("Committed")
      })
    )

  it.each([
    ["of a known type", "DomainVerified", "pending"],
    ["of a type that nobody knows", "Nonsense", "pending"],
    ["behind the proof of the domain", "DomainDegraded", "domain-verified"]
  ])("a stored event %s that cannot be read harms no other sender", async (_, type, status) => {
    const { senders, advance, publish, tokenTo } = world
    const add = async (address: string) => (await senders.add({ account, address })).sender
    const statuses = async () =>
      (await senders.list({ account, order: "oldest-first", offset: 0, limit: 10 })).map(({ status }) => status)
    const broken = await add("broken@acme.com")
    if (status === "domain-verified") {
      await publish(account, broken.id)
      await advance("1 minute")
    }
    await spoil(broken.id, type)

    const good = await add("good@acme.com")
    await advance("1 second")
    await senders.confirm({ token: await tokenTo("good@acme.com") })
    await publish(account, good.id)
    await advance("1 minute")
    expect(await statuses()).toEqual([status, "active"])
    const later = await add("later@acme.com")
    await advance("1 second")
    await senders.confirm({ token: await tokenTo("later@acme.com") })
    await advance("1 minute")
    expect(await statuses()).toEqual([status, "active", "active"])
    expect((await senders.effective({ account }))?.id).toBe(later.id)
    expect(await senders.count({ account })).toBe(3)
    expect((await senders.get({ account, id: broken.id })).address).toBe("broken@acme.com")
    expect(await senders.remove({ account, id: good.id })).toEqual({ count: 1 })
    expect(await statuses()).toEqual([status, "active"])
  })

  it("what a program does to its own object after a call changes nothing", async () => {
    const { senders } = world
    const inner: Record<string, unknown> = { list: [1] }
    const metadata: Record<string, unknown> = { text: "text", inner }
    const expected = structuredClone(metadata)
    const adding = senders.add({ account, address: "a@acme.com", metadata: metadata as { readonly text: string } })
    const spoilIt = () => {
      metadata.text = () => "text"
      inner.list = metadata
    }
    spoilIt()
    const { sender } = await adding
    expect(sender.metadata).toEqual(expected)
    spoilIt()
    expect((await senders.get({ account, id: sender.id })).metadata).toEqual(expected)
    const [{ event } = { event: undefined }] = await senders.history({ account, id: sender.id })
    expect(event).toMatchObject({ _tag: "SenderAdded", metadata: expected })
  })
})
