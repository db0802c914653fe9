/** The server of the run, as the tests of the adapter use it: two versions, and a database of one's own. */
import { expect, it } from "vitest"
import { onPostgres } from "../../src/index.ts"

onPostgres((postgres) => {
  it("is durable, and compares text by its bytes", async () => {
    const server = await postgres.server()
    const wanted = { fsync: "on", synchronous_commit: "on", full_page_writes: "on", server_encoding: "UTF8" }
    for (const [setting, value] of Object.entries(wanted)) {
      expect(await server.execute(`SHOW ${setting}`)).toEqual([[value]])
    }
    expect(await server.execute("SELECT 'Z' < 'a', 'z' < 'é', 'a b' < 'ab'")).toEqual([["t", "t", "t"]])
    expect(await server.execute("SELECT datcollate, datctype FROM pg_database WHERE datname = 'template1'")).toEqual([
      ["C", "C"]
    ])
    expect((await server.execute("SHOW server_version_num"))[0]?.[0]?.slice(0, 2)).toBe(server.version.slice(0, 2))
  })

  it("makes a database for each that asks, owned by somebody who is no superuser, and drops it", async () => {
    const [one, two] = [await postgres.database(), await postgres.database()]
    expect(one.name).not.toBe(two.name)
    const names = () =>
      one.server.execute(
        `SELECT datname, rolname, rolsuper FROM pg_database JOIN pg_roles r ON datdba = r.oid WHERE datname IN ('${one.name}', '${two.name}') ORDER BY 1`
      )
    expect(await names()).toEqual([one.name, two.name].sort().map((name) => [name, "countersign", "f"]))
    await postgres.drop(one)
    expect(await names()).toEqual([[two.name, "countersign", "f"]])
  })

  it("is one server for everybody in the run", async () => {
    const [one, two] = [await postgres.server(), (await postgres.database()).server]
    expect(two.address).toEqual(one.address)
  })

  it("says what PostgreSQL refuses, with its code", async () => {
    const server = await postgres.server()
    await expect(server.execute("SELECT nothing")).rejects.toThrow('42703: column "nothing" does not exist')
  })
})
