import { join } from "node:path"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { type Environment, run, temporaryFolder } from "./Program.ts"
import { add, confirm, decline, resend, stopped } from "./Sandbox.ts"
import { linkIn, makeWorld, serve } from "./World.ts"

const well = async (environment: Environment, ...args: ReadonlyArray<string>): Promise<string> => {
  const ended = await run(args, environment)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return ended.stdout
}

const listsAndLifts = async () => {
  const { smtp, environment, overview } = await makeWorld()
  const account = overview.account.id
  const nextLink = async () => {
    const { text } = await Effect.runPromise(smtp.awaitMessage(() => true, "30 seconds"))
    await Effect.runPromise(smtp.clear)
    return linkIn(text)
  }
  const server = { ...(await serve(environment)), overview }
  const created = await well(environment, "organization", "create", "--account", account, "--json")
  const organization = String(JSON.parse(created).id)
  expect(await well(environment, "decline", "list")).toBe("No declines found.\n")
  await add(server, "ada@example.com")
  expect((await decline(await nextLink())).status).toBe(200)
  await add(server, "ada@example.com", organization)
  expect(await resend(server, organization)).toBe(429)

  const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
  const line = `ada@example\\.com  account ${account}  since ${time}  until ${time}`
  expect(await well(environment, "decline", "list")).toMatch(new RegExp(`^${line}\n$`))
  const lift = (address: string) => run(["decline", "lift", "--account", account, "--address", address], environment)
  const nothing = (address: string) => ({
    code: 1,
    stdout: "",
    stderr: `No decline of ${address} for account ${account} is in force.\n`
  })
  expect(await lift("ben@example.com")).toMatchObject(nothing("ben@example.com"))
  expect((await lift("ada")).stderr).toMatch(/^--address: [^\n]+\n$/)
  expect(await lift("Ada@EXAMPLE.com")).toMatchObject({
    code: 0,
    stderr: "",
    stdout: `Lifted the decline of Ada@EXAMPLE.com for account ${account}.\n`
  })
  expect(await lift("ada@example.com")).toMatchObject(nothing("ada@example.com"))
  expect(await well(environment, "decline", "list")).toBe("No declines found.\n")

  expect(await resend(server, organization)).toBe(200)
  expect((await confirm(await nextLink())).status).toBe(200)
  expect(await stopped(server)).toMatchObject({ code: 0, stderr: "" })

  // A lift is an event like any other.
  const told = await well(environment, "decline", "list", "--all", "--json")
  expect(JSON.parse(told)).toMatchObject({
    declines: [{ account, address: "ada@example.com", liftedAt: expect.any(String), liftedBy: "operator" }]
  })
  expect(await well(environment, "verify")).toContain("all is well")
  const file = join(temporaryFolder(), "store.jsonl")
  await well(environment, "export", "--with-key", "--with-signing-keys", file)
  const copy = { COUNTERSIGN_DATA: temporaryFolder() }
  await well(copy, "import", file)
  expect(await well(copy, "decline", "list", "--all", "--json")).toBe(told)
  expect(await well(copy, "verify")).toBe(await well(environment, "verify"))
}

it("lists a decline and lifts it, and a new link goes out", () => listsAndLifts())
