/** The faults of a network, each seen from a client, with the server's own word on what was done. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { FaultProxy, PostgresCluster, PostgresServer } from "../../src/Postgres.ts"

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

let cluster: PostgresCluster
let proxy: FaultProxy
let through: PostgresServer

beforeAll(async () => {
  cluster = await PostgresCluster.make()
  proxy = await FaultProxy.make(cluster.port)
  through = new PostgresServer({ ...cluster.address, port: proxy.port })
  await cluster.execute("CREATE TABLE done (a text)")
})
afterAll(async () => {
  await proxy.close()
  await cluster.close()
})

const done = async () => (await cluster.execute("SELECT a FROM done ORDER BY a")).flat()

/** Until the server works on a statement with this text. */
const atWork = async (text: string) => {
  const query = `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%${text}%' AND pid <> pg_backend_pid()`
  while ((await cluster.execute(query)).length === 0) await new Promise((later) => setTimeout(later, 10))
}

describe("a proxy", () => {
  it("passes everything on, and is a URL like the server's", async () => {
    expect(await through.execute("SELECT repeat('x', 300000)")).toEqual([["x".repeat(300_000)]])
    const [direct, ours] = [new URL(cluster.url("a b")), new URL(proxy.url(cluster.url("a b")))]
    expect([ours.port, ours.username, ours.password, ours.pathname]).toEqual([
      String(proxy.port),
      direct.username,
      direct.password,
      "/a%20b"
    ])
  })

  it("cuts the connections that there are, and lets new ones through", async () => {
    const working = expect(through.execute("SELECT 'cut', pg_sleep(60)")).rejects.toThrow()
    await atWork("cut")
    expect(proxy.cut()).toBe(1)
    await working
    expect(await through.execute("SELECT 1")).toEqual([["1"]])
  })

  it("refuses until it accepts again", async () => {
    proxy.refuse()
    await expect(through.execute("SELECT 1")).rejects.toThrow()
    proxy.accept()
    expect(await through.execute("SELECT 1")).toEqual([["1"]])
  })

  it("stalls until it is released, and loses nothing", async () => {
    const working = through.execute("SELECT 'stalled', pg_sleep(0.2)")
    await atWork("stalled")
    proxy.stall()
    const fresh = through.execute("SELECT 2")
    const outcome = await Promise.race([
      Promise.race([working, fresh]).then(() => "answered"),
      new Promise((resolve) => setTimeout(resolve, 500, "silent"))
    ])
    expect(outcome).toBe("silent")
    proxy.release()
    expect(await working).toEqual([["stalled", ""]])
    expect(await fresh).toEqual([["2"]])
  })

  it("swallows the answer to one statement: it is committed, and the client never hears of it", async () => {
    const swallowed = proxy.swallowAnswer("'lost'")
    expect(await through.execute("INSERT INTO done VALUES ('heard') RETURNING a")).toEqual([["heard"]])
    await expect(through.execute("INSERT INTO done VALUES ('lost') RETURNING a")).rejects.toThrow()
    await swallowed
    expect(await done()).toEqual(["heard", "lost"])
    expect(await through.execute("INSERT INTO done VALUES ('lost too') RETURNING a")).toEqual([["lost too"]])
  })
})
