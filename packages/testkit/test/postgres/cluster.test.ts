/** A cluster of one's own: it starts, obeys, keeps what was committed, and is gone with whoever made it. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, statSync } from "node:fs"
import { connect } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { PostgresCluster, PostgresServer } from "../../src/Postgres.ts"

// Bounds, not waits: the machine may be busy with other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false))
    socket.once("connect", () => socket.destroy())
  })

/** Asks again every 20 ms until it is so; the test's own time is the bound. */
const until = async (look: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await look())) await new Promise((later) => setTimeout(later, 20))
}

describe("a cluster", () => {
  let cluster: PostgresCluster
  beforeAll(async () => {
    cluster = await PostgresCluster.make()
  })
  afterAll(() => cluster.close())

  it("keeps its files to itself, and takes nobody without the password", async () => {
    expect(statSync(cluster.folder).mode & 0o077).toBe(0)
    const stranger = new PostgresServer({ ...cluster.address, password: "guessed" })
    await expect(stranger.execute("SELECT 1")).rejects.toThrow("28P01")
  })

  it("stops and starts on the same port with what it had", async () => {
    await cluster.createDatabase("kept")
    await cluster.stop()
    expect(await listens(cluster.port)).toBe(false)
    await cluster.start()
    expect(await cluster.execute("SELECT datname FROM pg_database WHERE datname = 'kept'")).toEqual([["kept"]])
  })

  it("recovers what was committed when all its processes are killed at once", async () => {
    await cluster.execute("CREATE TABLE saved (a int)")
    await cluster.execute("INSERT INTO saved VALUES (1)")
    await cluster.crash()
    await expect(cluster.execute("SELECT 1")).rejects.toThrow()
    await cluster.start()
    expect(await cluster.execute("SELECT a FROM saved")).toEqual([["1"]])
  })

  it("answers nothing while it is frozen, and goes on afterwards", async () => {
    const working = cluster.execute("SELECT pg_sleep(0.05)")
    await cluster.pause()
    const outcome = await Promise.race([
      cluster.execute("SELECT 1").then(() => "answered"),
      new Promise((resolve) => setTimeout(resolve, 300, "silent"))
    ])
    expect(outcome).toBe("silent")
    await cluster.resume()
    expect(await working).toEqual([[""]])
    expect(await cluster.execute("SELECT 1")).toEqual([["1"]])
  })

  it("cuts off those who are connected to a database, and only them", async () => {
    await cluster.createDatabase("cut")
    expect(await cluster.terminateBackends("cut")).toBe(0)
    // The statement runs in the database postgres.
    const sleeping = cluster.execute("SELECT pg_sleep(60)")
    const cutOff = expect(sleeping).rejects.toThrow("57P01")
    await until(async () => {
      const rows = await cluster.execute("SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")
      return rows.length === 1
    })
    await cluster.execute(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
    )
    await cutOff
  })
})

describe.concurrent("a cluster is gone, with its files,", () => {
  it("when it is closed, even while it is frozen", async () => {
    const cluster = await PostgresCluster.make()
    await cluster.pause()
    await cluster.close()
    expect([existsSync(cluster.folder), await listens(cluster.port)]).toEqual([false, false])
  })

  it.each([
    ["ends without a word", "end", undefined],
    ["is killed", "wait", "SIGKILL"],
    ["is interrupted with its whole group, as by Ctrl-C", "wait", "SIGINT"]
  ] as const)("when its owner %s", async (_, then, signal) => {
    const program = fileURLToPath(new URL("./owner.main.ts", import.meta.url))
    const owner = spawn(process.execPath, [program, then], { stdio: ["ignore", "pipe", "inherit"], detached: true })
    const ended = once(owner, "close")
    const [line] = await once(createInterface({ input: owner.stdout }), "line")
    const { folder, port } = JSON.parse(String(line)) as { readonly folder: string; readonly port: number }
    if (signal !== undefined) process.kill(-(owner.pid ?? 0), signal)
    await ended
    await until(async () => !existsSync(folder) && !(await listens(port)))
  })
})

it("a setting that PostgreSQL refuses is told, and nothing is left", async () => {
  await expect(PostgresCluster.make({ settings: { wal_level: "none" } })).rejects.toThrow(/invalid value.*wal_level/)
})
