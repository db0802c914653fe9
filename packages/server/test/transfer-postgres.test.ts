import { readFileSync } from "node:fs"
import { join } from "node:path"
import { onPostgres } from "@countersign/testkit"
import { expect, it } from "vitest"
import { type Environment, run, temporaryFolder } from "./Program.ts"
import { add, current, startSandbox, stopped } from "./Sandbox.ts"
import { makeWorld, serve } from "./World.ts"

const well = async (environment: Environment, ...args: ReadonlyArray<string>): Promise<string> => {
  const ended = await run(args, environment)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return ended.stdout
}

onPostgres((postgres) => {
  it("an installation moves from SQLite to PostgreSQL, is served there, and moves back", async () => {
    // As in `makeWorld`: it unwraps the signing keys, which move with the store.
    const sqlite = { COUNTERSIGN_DATA: temporaryFolder(), COUNTERSIGN_SECRET: "0123456789abcdef0123456789abcdef" }
    const sandbox = await startSandbox(sqlite)
    const added = await add(sandbox, "ada@example.com")
    await stopped(sandbox)
    const folder = temporaryFolder()
    const [there, back] = [join(folder, "there.jsonl"), join(folder, "back.jsonl")]
    await well(sqlite, "export", "--with-key", "--with-signing-keys", there)

    const { url } = await postgres.database()
    const moved = { DATABASE_URL: url }
    await well(moved, "import", there)
    const [before, after] = [await well(sqlite, "verify"), await well(moved, "verify")]
    expect(before).toContain("1 live sender")
    expect(after).toBe(before)
    await well(moved, "export", "--with-key", "--with-signing-keys", back)
    expect(readFileSync(back, "utf8")).toBe(readFileSync(there, "utf8"))

    const { environment } = await makeWorld(moved)
    const server = { ...(await serve(environment)), overview: sandbox.overview }
    expect(await current(server)).toMatchObject({ id: added.id, dnsRecords: added.dnsRecords })
    expect((await add(server, "ada@example.com")).id).toBe(added.id)
    expect(await stopped(server)).toMatchObject({ code: 0 })
    expect(await well(moved, "rebuild")).toContain("0 rows and 0 index entries corrected")

    const home = { COUNTERSIGN_DATA: temporaryFolder() }
    await well(moved, "export", "--with-key", "--with-signing-keys", join(folder, "home.jsonl"))
    await well(home, "import", join(folder, "home.jsonl"))
    expect(await well(home, "verify")).toBe(await well(moved, "verify"))
  })
})
