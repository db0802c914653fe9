/**
 * A host that keeps the position of the last event in its own transaction has each event once, however often it is
 * killed while others write.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { long, onPostgres, seed } from "@countersign/testkit"
import { createCountersign } from "countersign"
import fc from "fast-check"
import { afterAll, expect, it } from "vitest"
import { hostOptions, type Place } from "./Host.ts"
import type { ReaderSettings } from "./reader.main.ts"

const program = fileURLToPath(new URL("./reader.main.ts", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "countersign-events-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const account = "acme"

/** Runs the reader, and kills it when it says that it is beyond the next of the positions, and starts it again. */
const runReader = (settings: ReaderSettings, kills: ReadonlyArray<number>) => {
  const left = [...kills]
  const waiting = new Set<() => void>()
  let position = 0
  let lives = 0
  let ended = false
  let stop = () => {}
  const live = () =>
    new Promise<void>((resolve, reject) => {
      lives += 1
      const child = spawn(process.execPath, ["--conditions=source", program, JSON.stringify(settings)], {
        stdio: ["ignore", "pipe", "pipe"]
      })
      let killed = false
      let log = ""
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text
      })
      stop = () => child.kill("SIGKILL")
      createInterface({ input: child.stdout }).on("line", (line) => {
        position = Math.max(position, Number(line))
        for (const wake of waiting) wake()
        if (killed || position < (left[0] ?? Number.POSITIVE_INFINITY)) return
        killed = true
        left.shift()
        child.kill("SIGKILL")
      })
      child.once("close", () => (child.signalCode === "SIGKILL" ? resolve() : reject(new Error(`it ended: ${log}`))))
    })
  const running = (async () => {
    while (!ended) await live()
  })()
  return {
    lives: () => lives,
    /** Until the reader is as far. Fails when it ends by itself. */
    reach: (goal: number) => {
      const reached = new Promise<void>((resolve) => {
        const wake = () => {
          if (position < goal) return
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
        wake()
      })
      return Promise.race([reached, running])
    },
    end: () => {
      ended = true
      stop()
      return running
    }
  }
}

const readThrough = async (place: Place, name: string, events: number, kills: number) => {
  const file = join(folder, `${name}.db`)
  const moments = fc
    .sample(fc.nat({ max: Math.trunc(0.75 * events) }), { numRuns: kills, seed })
    .sort((one, other) => one - other)
  const host = await createCountersign(hostOptions(place))
  const reader = runReader({ place, file }, moments)
  const ids: Array<string> = []
  let written = 0
  try {
    // The writer is never far ahead: the reader meets the end of the log again and again.
    for (let batch = 0; written < events; batch++) {
      const adding = Array.from({ length: 20 }, (_, index) =>
        host.senders.add({ account, address: `a${batch}-${index}@example${batch % 7}.com` })
      )
      const added = await Promise.all(adding)
      ids.push(...added.map(({ sender }) => sender.id))
      const again = ids[Math.trunc(ids.length / 2)]
      const { count } = await host.senders.remove({ account, id: again ?? "none" })
      written += 2 * added.length + count
      await reader.reach(written - events / 4)
    }
    await reader.reach(written)
  } finally {
    await reader.end()
  }
  const db = new DatabaseSync(file, { readOnly: true })
  const told = db.prepare("SELECT position, sender, type FROM told ORDER BY number").all()
  db.close()
  console.info(`${name}: ${told.length} events of ${written}, ${reader.lives()} lives, seed ${seed}`)
  // A life that is slow to die may run past more than one of the moments.
  expect(reader.lives()).toBeGreaterThan(1)
  expect(told).toHaveLength(written)
  expect(told.findIndex(({ position }, index) => position !== index + 1)).toBe(-1)
  const bySender = Map.groupBy(told, ({ sender }) => sender)
  for (const id of ids.filter((_, index) => index % 17 === 0)) {
    const history = await host.senders.history({ account, id })
    expect(bySender.get(id)?.map(({ type }) => type)).toEqual(history.map(({ event }) => event._tag))
  }
  await host.close()
}

it(
  "a host has every event once and in order, on SQLite",
  () =>
    readThrough(
      { kind: "sqlite", at: join(folder, "countersign.db") },
      "SQLite",
      long ? 100_000 : 2_000,
      long ? 40 : 3
    ),
  900_000
)

onPostgres((postgres) => {
  it("a host has every event once and in order", async () => {
    const { url } = await postgres.database()
    await readThrough({ kind: "postgres", at: url }, `PostgreSQL ${postgres.major}`, long ? 4_000 : 400, long ? 6 : 2)
  }, 300_000)
})
