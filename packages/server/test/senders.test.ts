import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { type Environment, run, temporaryFolder, until } from "./Program.ts"
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

  expect(await well(environment, "sender", "list")).toBe(
    `${ada.id}  ada@example.com  pending  account ${account}\n${cy.id}  cy@example.net   pending  account ${account}\n`
  )
  const ids = async (...args: ReadonlyArray<string>) =>
    (await json(environment, "sender", "list", ...args)).senders.map(({ id }: { readonly id: string }) => id)
  expect(await ids("--account", account, "--status", "pending")).toEqual([ada.id, cy.id])
  expect(await ids("--domain", "EXAMPLE.net")).toEqual([cy.id])
  expect(await ids("--domain", "example.net", "--address", "ada@example.com")).toEqual([])
  expect(await ids("--address", "Ada@Example.COM")).toEqual([ada.id])
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
    new RegExp(`^id            ${ada.id}\naccount       ${account}\nstatus        pending\n`)
  )

  expect(await refused(environment, "sender", "list", "--account", "nobody")).toBe("There is no account nobody.")
  expect(await refused(environment, "sender", "list", "--domain", "a b")).toMatch(/^--domain: /)
  expect(await refused(environment, "sender", "list", "--address", "ada")).toMatch(/^--address: /)
  expect(await refused(environment, "sender", "show", "nobody")).toMatch(/^"nobody": /)
  expect(await refused(environment, "sender", "show", "eve@example.com")).toBe(
    "There is no sender for eve@example.com."
  )
  for (const verb of ["history", "probe"]) {
    expect(await refused(environment, "sender", verb, "nobody")).toBe("There is no sender nobody.")
  }
  await removeAll(server, organization)
  expect(await refused(environment, "sender", "show", cy.id)).toMatch(/^Sender \S+ was removed; .*history/)
  expect(await refused(environment, "sender", "probe", cy.id)).toMatch(/^Sender \S+ was removed; .*history/)
  const { events } = await json(environment, "sender", "history", cy.id)
  expect(events[0]).toMatchObject({
    id: `${cy.id}.1`,
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

const explains = async () => {
  const { dns, environment, overview } = await makeWorld()
  // What nobody probes yet can be published wrongly first.
  const api = { ...(await serve(environment, "--api-only")), overview }
  const ada = await add(api, "ada@example.com")
  const put = (name: string, value: string) => Effect.runPromise(dns.zone.put(name, "CNAME", value))
  const [first, ...others] = ada.dnsRecords
  await put(first?.name ?? "", "elsewhere.example.net")
  await stopped(api)
  const server = await serve(environment)
  const verdicts = ({ records }: { readonly records: ReadonlyArray<{ readonly verdict: string }> }) =>
    records.map(({ verdict }) => verdict)
  await until("a probe that sees the record", async () => {
    const [{ records }] = (await json(environment, "dns", "explain", "example.com")).explained
    return verdicts({ records })[0] === "mismatch" ? true : undefined
  })
  await stopped(server)
  const due = async () =>
    (await json(environment, "tasks", "list", "--state", "waiting", "--kind", "probe")).tasks[0].due
  const before = await due()
  expect(await well(environment, "sender", "probe", ada.id)).toMatch(
    /^A running server probes example\.com for account \S+ now/
  )
  expect(Date.parse(await due())).toBeLessThan(Date.parse(before))

  const explained = await json(environment, "dns", "explain", "Example.com")
  expect(explained).toMatchObject({
    explained: [
      {
        domain: "example.com",
        account: overview.account.id,
        senders: [{ id: ada.id, address: "ada@example.com", status: "pending" }],
        records: ada.dnsRecords.map(({ name, value }) => ({ name, value })),
        lastProbe: { result: "negative" },
        nextProbeAt: expect.stringMatching(new RegExp(`^${time}$`))
      }
    ]
  })
  expect(verdicts(explained.explained[0])).toEqual(["mismatch", "missing", "missing"])
  for (const named of ["ada@example.com", ada.id]) {
    expect(await json(environment, "dns", "explain", named)).toEqual(explained)
  }
  const shown = await well(environment, "dns", "explain", "example.com")
  expect(shown).toMatch(new RegExp(`^example\\.com, 1 sender of account ${overview.account.id}\n`))
  expect(shown).toContain(`CNAME  ${others[0]?.value}\n`)
  expect(shown).toContain("CNAME elsewhere.example.net")
  expect(shown).not.toContain("\u001b")
  expect(await refused(environment, "dns", "explain", "example.org")).toBe("There is no sender for example.org.")

  // From here on without a store, on the machine of whoever asks.
  const resolver = { COUNTERSIGN_DATA: join(temporaryFolder(), "none"), DNS_SERVERS: dns.address, DNS_MODE: "resolver" }
  const byHand = (...flags: ReadonlyArray<string>) => json(resolver, "dns", "explain", "example.com", ...flags)
  const tokens = ada.dnsRecords.map(({ name }) => name.split(".")[0]).join(",")
  const probed = await byHand("--tokens", tokens, "--zone", "dkim.countersign.example")
  expect(probed.explained).toMatchObject([{ account: null, senders: [], nextProbeAt: null }])
  expect(probed.explained[0].records).toEqual(explained.explained[0].records)
  for (const { name, value } of ada.dnsRecords) await put(name, value)
  const file = join(temporaryFolder(), "plan.json")
  writeFileSync(file, JSON.stringify(explained.explained[0]))
  expect(verdicts((await byHand("--plan", file)).explained[0])).toEqual(["valid", "valid", "valid"])
  writeFileSync(file, JSON.stringify({ records: [] }))
  const says = (...flags: ReadonlyArray<string>) => refused(resolver, "dns", "explain", "example.com", ...flags)
  expect(await says("--plan", file)).toContain('{"records":[{')
  expect(await says("--plan", join(file, "none"))).toContain(file)
  expect(await says("--tokens", "k1")).toBe("--tokens and --zone belong together.")
  expect(await says("--tokens", "k1", "--zone", "nowhere")).toMatch(/^--zone /)
  expect(await says()).toMatch(/^There is no store at /)
}

it("explains what a probe saw, and a plan that is given by hand", () => explains())
