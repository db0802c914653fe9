/**
 * kill -9 of the server at 20 random moments, on one store. What was acknowledged is read from lists and from the log,
 * with its first `createdAt`, and never by adding it again: ids follow from addresses, so that would hide a loss.
 */
import { EventStore, SenderDirectory } from "@countersign/engine"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Effect } from "effect"
import { afterAll, expect, it } from "vitest"
import { databaseIn } from "../src/Config.ts"
import { temporaryFolder, until } from "./Program.ts"
import { add, inbox, removeAll, type Sandbox, startSandbox, stopped } from "./Sandbox.ts"

const kills = 20
/** Senders added to the account per life, at most: the sandbox keeps the newest 1000 mails only. */
const addsPerLife = 24
/** Milliseconds that a mail may take which was handed to SMTP before the removal. A killed one comes much later. */
const onItsWay = 1_000

const seed = Number(process.env.KILL_SEED ?? Math.trunc(Math.random() * 2 ** 31))

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
const random = (() => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
})()

/** What the server has said yes to. */
interface Acknowledged {
  /** Senders of the account, which are never removed: address to `createdAt`. */
  readonly added: Map<string, string>
  /** Senders of the organization whose removal was acknowledged: address to the time of that. */
  readonly removed: Map<string, number>
}

/** Until the server is gone: adds to the account, three at a time, and adds and removes in the organization. */
const work = (sandbox: Sandbox, life: number, acknowledged: Acknowledged): Promise<unknown> => {
  const untilGone = async (step: (turn: number) => Promise<void>, turns: number) => {
    for (let turn = 0; turn < turns; turn++) await step(turn)
  }
  const adder = (lane: number) =>
    untilGone(async (turn) => {
      const address = `kept-${life}-${lane}-${turn}@shop.example`
      const { createdAt } = await add(sandbox, address)
      acknowledged.added.set(address, createdAt)
    }, addsPerLife / 3)
  const remover = untilGone(async (turn) => {
    const addresses = [`gone-${life}-${turn}-a@shop.example`, `gone-${life}-${turn}-b@shop.example`]
    const { id } = sandbox.overview.organization
    for (const address of addresses) await add(sandbox, address, id)
    await removeAll(sandbox, id)
    for (const address of addresses) acknowledged.removed.set(address, Date.now())
  }, 6)
  // A server that is killed breaks the connections: that is the end of the work, not a failure.
  return Promise.allSettled([adder(0), adder(1), adder(2), remover])
}

/** Reads the store itself: every live sender of the account, and every sender that the log says was ever added. */
const readStore = (folder: string, account: string) =>
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const listed = yield* directory.page({ account, order: "oldest-first", offset: 0, limit: 10_000 })
    const store = yield* EventStore
    const added: Array<string> = []
    for (let after = 0, more = true; more; ) {
      const { events } = yield* store.readLog(after, 1_000)
      for (const event of events) {
        if (event.type === "SenderAdded") added.push(event.stream)
        expect(event.position).toBe(after + 1)
        after = event.position
      }
      more = events.length > 0
    }
    return { listed, added }
  }).pipe(Effect.provide(SqliteStorage.layer({ file: databaseIn(folder).file })), Effect.runPromise)

afterAll(() => console.info(`kill.test.ts: KILL_SEED=${seed}`))

it(`loses nothing that was acknowledged, killed at ${kills} random moments`, { timeout: 300_000 }, async () => {
  const data = temporaryFolder()
  const acknowledged: Acknowledged = { added: new Map(), removed: new Map() }
  let account = ""

  for (let life = 0; life < kills; life++) {
    const sandbox = await startSandbox({ COUNTERSIGN_DATA: data })
    account = sandbox.overview.account.id
    const working = work(sandbox, life, acknowledged)
    setTimeout(() => sandbox.kill("SIGKILL"), 5 + random() * 400)
    expect((await sandbox.ended).signal).toBe("SIGKILL")
    await working
  }
  expect(acknowledged.added.size).toBeGreaterThan(kills)

  // As it was left by the last kill: no server has touched it since.
  const { listed, added } = await readStore(data, account)
  const createdAt = new Map(listed.map((sender) => [sender.address, new Date(sender.addedAt).toISOString()]))
  for (const [address, time] of acknowledged.added)
    expect(`${address} ${createdAt.get(address)}`).toBe(`${address} ${time}`)
  for (const address of acknowledged.removed.keys()) expect(createdAt.has(address)).toBe(false)
  // Nobody adds anything twice here: each incarnation was begun once.
  expect(new Set(added).size).toBe(added.length)
  for (const { id: sender } of listed) expect(added).toContain(sender)

  const last = await startSandbox({ COUNTERSIGN_DATA: data })
  const live = listed.map(({ address }) => address)
  const mails = await until(
    "a mail to every live sender",
    async () => {
      const messages = await inbox(last)
      const mailed = new Set(messages.flatMap(({ to }) => to))
      return live.every((address) => mailed.has(address)) ? messages : undefined
    },
    90
  )
  expect(mails.length).toBeLessThan(1_000)
  for (const { to, receivedAt } of mails) {
    for (const address of to) {
      const removedAt = acknowledged.removed.get(address)
      if (removedAt !== undefined) expect(Date.parse(receivedAt)).toBeLessThan(removedAt + onItsWay)
    }
  }
  expect((await stopped(last)).code).toBe(0)
})
