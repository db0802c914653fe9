import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { type Environment, run, temporaryFolder } from "./Program.ts"
import { add, current, startSandbox } from "./Sandbox.ts"

/** Runs a command with `--json`, and answers its only line. */
const json = async (environment: Environment, ...args: ReadonlyArray<string>): Promise<Record<string, unknown>> => {
  const ended = await run([...args, "--json"], environment)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  expect(ended.stdout.trim().split("\n")).toHaveLength(1)
  // Every command answers an object; a test looks at the members that it expects.
  return JSON.parse(ended.stdout) as Record<string, unknown>
}

const text = (value: unknown): string => {
  if (typeof value !== "string") throw new TypeError(`${value} is no text`)
  return value
}

it("makes accounts, organizations and keys on the store of a running server, which lets them in at once", async () => {
  const environment = { COUNTERSIGN_DATA: temporaryFolder() }
  const sandbox = await startSandbox(environment)
  const account = await json(environment, "account", "create", "--email", "ops@acme.example", "--name", "Acme")
  expect(account).toEqual({ id: expect.any(String), email: "ops@acme.example", name: "Acme" })
  const id = text(account.id)
  const organization = await json(environment, "organization", "create", "--account", id)
  const key = await json(environment, "key", "create", "--account", id)
  expect(Object.keys(key)).toEqual(["id", "secret"])

  const tenant = { ...sandbox, overview: { ...sandbox.overview, accessToken: text(key.secret) } }
  const added = await add(tenant, "ada@acme.example", text(organization.id))
  expect(added).toMatchObject({ accountId: id, organizationId: organization.id })

  expect(await json(environment, "account", "list")).toMatchObject({
    accounts: expect.arrayContaining([account, expect.objectContaining({ id: sandbox.overview.account.id })])
  })
  expect(await json(environment, "organization", "list", "--account", id)).toEqual({ organizations: [organization] })
  const listed = await json(environment, "key", "list", "--account", id)
  expect(listed).toEqual({ keys: [{ id: key.id, account: id, createdAt: expect.any(String), revokedAt: null }] })
  expect(JSON.stringify(listed)).not.toContain(text(key.secret))

  const revoked = await json(environment, "key", "revoke", text(key.id))
  expect(revoked).toMatchObject({ id: key.id, revokedAt: expect.any(String) })
  await expect(add(tenant, "bob@acme.example")).rejects.toThrow("401")
  expect(await current(sandbox)).not.toHaveProperty("id")
})

it("says that there is no such account rather than that it has nothing, and makes no store for what it refuses", async () => {
  const environment = { COUNTERSIGN_DATA: join(temporaryFolder(), "new") }
  expect((await run(["account", "create", "--email", "broken"], environment)).code).toBe(1)
  expect(existsSync(environment.COUNTERSIGN_DATA)).toBe(false)
  await json(environment, "account", "create", "--email", "ops@acme.example")
  for (const what of ["key", "organization"]) {
    const ended = await run([what, "list", "--account", "nope"], environment)
    expect(ended).toMatchObject({ code: 1, stdout: "", stderr: "There is no account nope.\n" })
  }
})

it("works without a server, in a folder that its owner alone may read", async () => {
  const environment = { COUNTERSIGN_DATA: join(temporaryFolder(), "new") }
  await json(environment, "account", "create", "--email", "ops@acme.example")
  expect(statSync(environment.COUNTERSIGN_DATA).mode & 0o777).toBe(0o700)
  expect(statSync(join(environment.COUNTERSIGN_DATA, "countersign.db")).mode & 0o777).toBe(0o600)
  expect(await json(environment, "tasks", "list")).toEqual({ tasks: [], next: null })
})

it.each([
  [["account", "list"], /^There is no store at /],
  [["key", "create"], /--account/],
  [["account", "create", "--email", "broken"], /^--email: /],
  [["nonsense"], /nonsense/]
])("says in one sentence why it cannot: %j", async (args, sentence) => {
  const ended = await run(args, { COUNTERSIGN_DATA: temporaryFolder() })
  expect(ended).toMatchObject({ code: 1, stdout: "" })
  expect(ended.stderr).toMatch(sentence)
  expect(ended.stderr).toMatch(/^[^\n]+\n$/)
})

it("takes no name that would be more than one line, or nothing, in a mail", async () => {
  const environment = { COUNTERSIGN_DATA: temporaryFolder() }
  const { id } = await json(
    environment,
    "account",
    "create",
    "--email",
    "ops@acme.example",
    "--name",
    "Ärzte & Söhne 2"
  )
  const ofAccount = ["account", "create", "--email", "ops@acme.example", "--name"]
  const ofOrganization = ["organization", "create", "--account", text(id), "--name"]
  for (const args of [
    [...ofAccount, "Acme\r\nBcc: all@example.com"],
    [...ofAccount, "\u2028Acme"],
    [...ofAccount, " "],
    [...ofAccount, "a".repeat(101)],
    [...ofOrganization, "Acme\nYour account is locked"]
  ]) {
    const ended = await run(args, environment)
    expect(ended).toMatchObject({ code: 1, stdout: "" })
    expect(ended.stderr).toMatch(/^--name: [^\n]+\.\n$/)
  }
  expect(await json(environment, "account", "list")).toMatchObject({ accounts: [{ name: "Ärzte & Söhne 2" }] })
  expect(await json(environment, "organization", "list", "--account", text(id))).toEqual({ organizations: [] })
})

it("says which account, key or task is not there", async () => {
  const environment = { COUNTERSIGN_DATA: temporaryFolder() }
  await json(environment, "account", "create", "--email", "ops@acme.example")
  for (const args of [
    ["organization", "create", "--account", "nobody"],
    ["key", "create", "--account", "nobody"],
    ["key", "revoke", "nobody"],
    ["tasks", "revive", "nobody"],
    ["tasks", "drop", "nobody"]
  ]) {
    const ended = await run(args, environment)
    expect(ended).toMatchObject({ code: 1, stdout: "" })
    expect(ended.stderr).toMatch(/^There is no [a-z ]+ nobody\.\n$/)
  }
})
