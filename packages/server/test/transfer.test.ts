import { execFile } from "node:child_process"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { EventStore } from "@countersign/engine"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { ringCommit } from "@countersign/testkit/sample-commit"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { command, type Environment, run, temporaryFolder } from "./Program.ts"
import { add, current, startSandbox, stopped } from "./Sandbox.ts"

// The secret unwraps the signing keys, which move with the store.
const storeIn = (): Environment & { readonly COUNTERSIGN_DATA: string } => ({
  COUNTERSIGN_DATA: temporaryFolder(),
  COUNTERSIGN_SECRET: "0123456789abcdef0123456789abcdef"
})

const well = async (environment: Environment, ...args: ReadonlyArray<string>): Promise<string> => {
  const ended = await run(args, environment)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return ended.stdout
}

const refused = async (environment: Environment, ...args: ReadonlyArray<string>): Promise<string> => {
  const ended = await run(args, environment)
  expect(ended).toMatchObject({ code: 1, stdout: "" })
  expect(ended.stderr).toMatch(/^[^\n]+\.\n$/)
  return ended.stderr
}

/** A store with an account, and its export. */
const smallStore = async () => {
  const environment = storeIn()
  await well(environment, "account", "create", "--email", "ops@acme.example", "--name", "Acme")
  const file = join(temporaryFolder(), "store.jsonl")
  await well(environment, "export", "--with-key", file)
  return { environment, file }
}

it("moves an installation while its server runs: the new one has the same senders, keys and DNS records", async () => {
  const from = storeIn()
  const to = storeIn()
  const sandbox = await startSandbox(from)
  const added = await add(sandbox, "ada@acme.example")
  const live = join(temporaryFolder(), "live.jsonl")
  await well(from, "export", "--with-key", "--with-signing-keys", live)
  expect(await well(storeIn(), "import", live)).toMatch(/^Imported \d+ rows: \d+ events, 1 live sender\./)

  await stopped(sandbox)
  const file = join(temporaryFolder(), "store.jsonl")
  expect(await well(from, "export", "--with-key", "--with-signing-keys", file)).toMatch(
    /^Exported \d+ rows to .* keep it as you keep a password\.\n$/
  )
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const { directory } = JSON.parse(await well(to, "import", file, "--json"))
  for (const store of [from, to]) {
    expect(JSON.parse(await well(store, "verify", "--json"))).toMatchObject({
      senders: 1,
      problems: 0,
      digest: directory
    })
  }
  expect(await well(to, "export", "--with-key", "--with-signing-keys")).toBe(readFileSync(file, "utf8"))

  const moved = await startSandbox(to)
  const same = { ...moved, overview: sandbox.overview }
  expect(await current(same)).toMatchObject({ id: added.id, dnsRecords: added.dnsRecords, createdAt: added.createdAt })
  expect((await add(same, "ada@acme.example")).id).toBe(added.id)
  expect(await well(to, "verify")).toMatch(/all is well/)
})

it("pipes an export into an import", async () => {
  const { environment } = await smallStore()
  const to = storeIn()
  const line = `node "$0" export --with-key - | COUNTERSIGN_DATA="${to.COUNTERSIGN_DATA}" node "$0" import -`
  const env = { PATH: `${join(process.execPath, "..")}:${process.env.PATH}`, HOME: process.env.HOME, ...environment }
  const { stdout, stderr } = await promisify(execFile)("bash", ["-c", `set -o pipefail; ${line}`, command], { env })
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^Imported 2 rows: 0 events, 0 live senders\./), ""])
  expect(await well(to, "account", "list")).toContain("ops@acme.example")
})

it("leaves the identity key out unless asked, and takes such a file only when told to", async () => {
  const { environment, file } = await smallStore()
  const keyless = join(temporaryFolder(), "keyless.jsonl")
  expect(await well(environment, "export", keyless)).toContain("does not hold the identity key")
  const identityKey = /"identityKey":"([\w-]{43})"/.exec(readFileSync(file, "utf8"))?.[1]
  expect(identityKey).toBeDefined()
  expect(readFileSync(keyless, "utf8")).not.toContain(identityKey)

  const to = storeIn()
  expect(await refused(to, "import", keyless)).toMatch(/identity key.*other DNS records/)
  expect(await refused(to, "import", file, "--new-identity-key")).toContain("has its identity key")
  const imported = await run(["import", keyless, "--new-identity-key"], to)
  expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining("Imported 2 rows") })
  expect(imported.stderr).toMatch(/^The store has an identity key of its own: /)
  expect(await well(to, "export", "--with-key")).not.toContain(identityKey)
})

it("leaves private signing keys out unless asked", async () => {
  const { environment } = await smallStore()
  const wrapped = "a wrapped private key"
  await EventStore.use((store) => store.commit([ringCommit("key-1", wrapped)])).pipe(
    Effect.provide(SqliteStorage.layer({ file: join(environment.COUNTERSIGN_DATA, "countersign.db") })),
    Effect.runPromise
  )
  expect(await well(environment, "export", "--with-key")).not.toContain(wrapped)
  const file = join(temporaryFolder(), "keys.jsonl")
  expect(await well(environment, "export", "--with-key", "--with-signing-keys", file)).toMatch(
    /It holds the identity key and the signing keys: keep it as you keep a password\.\n$/
  )
  expect(readFileSync(file, "utf8")).toContain(wrapped)
  const to = storeIn()
  await well(to, "import", file)
  expect(await well(to, "verify")).toMatch(/all is well/)
})

it("says in one sentence why it cannot, and leaves nothing behind", async () => {
  const { environment, file } = await smallStore()
  const text = readFileSync(file, "utf8")
  const to = storeIn()
  const folder = temporaryFolder()
  const written = (name: string, content: string) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  expect(await refused(to, "import", join(folder, "nothing"))).toMatch(/^There is no file /)
  expect(existsSync(join(to.COUNTERSIGN_DATA, "countersign.db"))).toBe(false)
  expect(await refused(to, "import", written("cut", text.slice(0, -80)))).toMatch(/^The file is cut off: /)
  expect(await refused(to, "import", written("altered", text.replace("Acme", "Evil")))).toMatch(
    /^The file was altered: /
  )
  expect(await refused(to, "import", written("other", "hello\n"))).toMatch(/^The file is no export of countersign/)
  expect(await refused(to, "import", written("empty", ""))).toMatch(/^The file is empty/)
  expect(await refused(to, "import", written("newer", text.replace('"format":1', '"format":2')))).toMatch(/of format 2/)
  expect(await refused(to, "import", folder)).toMatch(/^The file .* cannot be read: /)
  expect(await well(to, "account", "list")).toBe("No accounts yet.\n")
  await well(to, "import", file)
  expect(await refused(to, "import", file)).toBe("The store is not empty: an import goes into a new one.\n")
  expect(await refused(environment, "export", file)).toBe(`${file} already exists.\n`)
  expect(await refused(environment, "export", join(folder, "no", "such"))).toMatch(/^The file .* cannot be written: /)
  expect(await refused(environment, "export", "--json")).toMatch(/--json/)
  expect(readdirSync(folder).sort()).toEqual(["altered", "cut", "empty", "newer", "other"])
})
