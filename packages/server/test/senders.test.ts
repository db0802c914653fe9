import { expect, it } from "vitest"
import { type Environment, run, until } from "./Program.ts"
import { add, removeAll, stopped } from "./Sandbox.ts"
import { makeWorld, serve } from "./World.ts"

/** What a command answers with `--json`, or for a person. */
const json = async (environment: Environment, ...args: ReadonlyArray<string>) =>
  JSON.parse(await well(environment, ...args, "--json"))

const well = async (environment: Environment, ...args: ReadonlyArray<string>): Promise<string> => {
  const ended = await run(args, environment)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return ended.stdout
}

const refused = async (environment: Environment, ...args: ReadonlyArray<string>): Promise<string> => {
  const ended = await run(args, environment)
  expect(ended).toMatchObject({ code: 1, stdout: "" })
  expect(ended.stderr).toMatch(/^[^\n]+\.\n$/)
  return ended.stderr.trimEnd()
}

const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`

const finds = async () => {
  const { environment, overview } = await makeWorld()
  const account = overview.account.id
  const server = { ...(await serve(environment)), overview }
  const organization = String((await json(environment, "organization", "create", "--account", account)).id)
  const ada = await add(server, "ada@example.com")
  const cy = await add(server, "cy@example.net", organization)

  expect(await well(environment, "sender", "list")).toMatch(
    new RegExp(
      `^${ada.id}  ada@example\\.com  pending  account ${account}  since ${time}\n` +
        `${cy.id}  cy@example\\.net   pending  account ${account}  since ${time}\n$`
    )
  )
  const ids = async (...args: ReadonlyArray<string>) => {
    const { senders, next } = await json(environment, "sender", "list", ...args)
    return [senders.map(({ id }: { readonly id: string }) => id), next]
  }
  expect(await ids("--account", account, "--status", "pending")).toEqual([[ada.id, cy.id], null])
  expect(await ids("--status", "active")).toEqual([[], null])
  expect(await ids("--domain", "EXAMPLE.net")).toEqual([[cy.id], null])
  expect(await ids("--domain", "example.net", "--address", "ada@example.com")).toEqual([[], null])
  expect(await ids("--address", "Ada@Example.COM")).toEqual([[ada.id], null])
  expect(await ids("--limit", "1")).toEqual([[ada.id], 1])
  expect(await ids("--limit", "1", "--offset", "1")).toEqual([[cy.id], null])
  expect(await well(environment, "sender", "list", "--limit", "1")).toMatch(/\nThere are more: --offset 1\n$/)
  expect(await well(environment, "sender", "list", "--status", "active")).toBe("No senders found.\n")

  const shown = await json(environment, "sender", "show", "Cy@example.net")
  expect(shown).toMatchObject({
    senders: [
      {
        id: cy.id,
        account,
        organization,
        address: "cy@example.net",
        status: "pending",
        mailbox: "pending",
        domainState: "pending",
        blockers: [{ code: "mailbox-unconfirmed" }, { code: "domain-unverified" }],
        records: cy.dnsRecords.map(({ type, name, value }) => ({ type, name, value }))
      }
    ]
  })
  expect(await json(environment, "sender", "show", cy.id)).toEqual(shown)
  expect(await well(environment, "sender", "show", ada.id)).toMatch(
    new RegExp(`^ada@example\\.com, sender ${ada.id}\n  account  +${account}\n  status   +pending\n`)
  )

  expect(await refused(environment, "sender", "list", "--account", "nobody")).toBe("There is no account nobody.")
  expect(await refused(environment, "sender", "list", "--domain", "a b")).toMatch(/^--domain: /)
  expect(await refused(environment, "sender", "list", "--address", "ada")).toMatch(/^--address: /)
  expect(await refused(environment, "sender", "list", "--limit", "0")).toBe("--limit: Give a number from 1 to 1000.")
  expect(await refused(environment, "sender", "list", "--status", "lost")).toContain("--status")
  expect(await refused(environment, "sender", "show", "nobody")).toMatch(/^nobody: /)
  expect(await refused(environment, "sender", "show", "eve@example.com")).toBe("There is no sender eve@example.com.")
  for (const verb of ["history", "probe"]) {
    expect(await refused(environment, "sender", verb, "nobody")).toBe("There is no sender nobody.")
  }
  const organizations = { ...server, organization }
  await removeAll(organizations, organization)
  expect(await refused(environment, "sender", "show", cy.id)).toMatch(/^Sender \S+ was removed; .*history/)
  expect(await refused(environment, "sender", "probe", cy.id)).toMatch(/^Sender \S+ was removed; .*history/)
  const { events } = await json(environment, "sender", "history", cy.id)
  expect(events[0]).toMatchObject({
    id: `${cy.id}:1`,
    type: "SenderAdded",
    data: { account, address: "cy@example.net" }
  })
  expect(events.at(-1)).toMatchObject({ type: "SenderRemoved", actor: expect.stringMatching(/^key:/) })
  expect(await well(environment, "sender", "history", ada.id)).toMatch(
    new RegExp(`^${time}  SenderAdded  +by key:\\S+  \\S+\n`)
  )
  expect(await stopped(server)).toMatchObject({ code: 0, stderr: "" })
}

it("finds senders, shows why they are not active, and tells their events, removed ones included", () => finds())

const probes = async () => {
  const { environment, overview } = await makeWorld()
  const server = { ...(await serve(environment)), overview }
  const ada = await add(server, "ada@example.com")
  await until("the first probe", async () => {
    const { events } = await json(environment, "sender", "history", ada.id)
    return events.some(({ type }: { readonly type: string }) => type === "DomainProblemFound") ? true : undefined
  })
  await stopped(server)
  const due = async () =>
    (await json(environment, "tasks", "list", "--state", "waiting", "--kind", "probe")).tasks[0].due
  const before = await due()
  expect(await well(environment, "sender", "probe", ada.id)).toMatch(
    /^The next probe of example\.com for account \S+ is due/
  )
  expect(Date.parse(await due())).toBeLessThan(Date.parse(before))
}

it("makes the next probe of a domain due", () => probes())
