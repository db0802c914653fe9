import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { run, temporaryFolder, until } from "./Program.ts"
import { keyRecords, startSandbox } from "./Sandbox.ts"
import { makeWorld, serve } from "./World.ts"

const zoneName = "dkim.countersign.example"
const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`

describe("countersign keys", () => {
  it("shows what to publish, checks it, and takes no step of a rotation too early", async () => {
    const { dns, environment } = await makeWorld({ COUNTERSIGN_DATA: temporaryFolder(), DKIM_KEYS: "here" })
    const local = { ...environment, DNS_MODE: "resolver" }
    const keys = (...args: ReadonlyArray<string>) => run(["keys", ...args], local)

    const shown = await keys("show")
    expect(shown).toMatchObject({ code: 0, stderr: "" })
    const lines = shown.stdout.trim().split("\n")
    expect(lines).toHaveLength(3)
    for (const [index, line] of lines.entries()) {
      const strings = [...line.matchAll(/"([^"]+)"/g)].map(([, text = ""]) => text)
      expect(line.startsWith(`*.k${index + 1}.${zoneName}. 3600 IN TXT "v=DKIM1; k=rsa; p=`)).toBe(true)
      expect(strings.map(({ length }) => length)).toEqual([255, 155])
    }
    const { records } = JSON.parse((await keys("show", "--json")).stdout)
    expect(records.map(({ name }: { name: string }) => name)).toEqual([1, 2, 3].map((slot) => `*.k${slot}.${zoneName}`))
    expect((await keys("show", "--table")).stdout).toContain(`Slot 2\n  name   *.k2.${zoneName}\n  type   TXT\n`)
    // The private halves are in no answer.
    expect(shown.stdout + (await keys("show", "--json")).stdout).not.toMatch(/PRIVATE|wrapped/)

    const unpublished = await keys("check")
    expect(unpublished).toMatchObject({ code: 1, stdout: "" })
    expect(unpublished.stderr).toMatch(
      new RegExp(`^Slot 1: 127\\.0\\.0\\.1:\\d+ shows no TXT record at countersign\\.k1\\.${zoneName}\\.\nSlot 2: `)
    )
    for (const { name, value } of records) await Effect.runPromise(dns.zone.put(name, "TXT", value))
    expect(await keys("check")).toMatchObject({
      code: 0,
      stderr: "",
      stdout: "All 3 keys are published. Slot 1 signs.\n"
    })

    const early = await keys("rotate")
    expect(early).toMatchObject({ code: 1, stdout: "" })
    expect(early.stderr).toMatch(
      new RegExp(`^Caches may not have the key of slot 2 yet: it can sign at ${time}, not before\\.\n$`)
    )
    expect(JSON.parse((await keys("rotate", "--json")).stdout)).toMatchObject({ _tag: "TooEarly", slot: 2 })

    expect((await keys("revoke", "1")).stdout).toMatch(
      new RegExp(
        `^Revoked the key of slot 1\\. Slot 2 signs\\. Delete its record now\\. It gets a new key at ${time}\\.\n$`
      )
    )
    expect(await keys("revoke", "1")).toMatchObject({ code: 1, stderr: "Slot 1 has no key.\n" })
    expect((await keys("revoke", "4")).code).toBe(1)
    expect((await keys("rotate")).stderr).toMatch(/^Slot 1 signed lately, and its mail is on its way/)
    expect((await run(["keys", "show"], { ...local, DKIM_KEYS: "elsewhere" })).stderr).toBe(
      "DKIM_KEYS is elsewhere: the signing keys are not kept here.\n"
    )
  })

  it("keep a server with another secret from starting, by one sentence", async () => {
    const { environment } = await makeWorld({ COUNTERSIGN_DATA: temporaryFolder(), DKIM_KEYS: "here" })
    expect((await run(["keys", "show"], environment)).code).toBe(0)
    const other = { ...environment, COUNTERSIGN_SECRET: "fedcba9876543210fedcba9876543210" }
    expect(await run(["serve"], other)).toMatchObject({
      code: 1,
      stderr:
        "The signing key was wrapped with a secret that is not in COUNTERSIGN_SECRET: list the secret behind the new one, as `new,old`.\n"
    })
    await serve({ ...other, DKIM_KEYS: "elsewhere" })
  })
})

describe("the sandbox", () => {
  it("serves its signing keys by itself, so that one signs within seconds", async () => {
    const sandbox = await startSandbox()
    const published = async () => (await keyRecords(sandbox)).map(({ name }) => name)
    expect(await published()).toEqual([1, 2, 3].map((slot) => `*.k${slot}.${zoneName}`))
    const metric = 'countersign_signing_key_seen{slot="1"} 1'
    await until("a key that is seen", async () => {
      const text = await (await fetch(`${sandbox.url}/metrics`)).text()
      return text.includes(metric) ? true : undefined
    })
  })
})
