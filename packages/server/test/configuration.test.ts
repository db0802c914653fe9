import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { ConfigProvider, Effect, Exit, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { ConfigProblem, databaseIn, logConfig, storeConfig, variables } from "../src/Config.ts"
import {
  dkimKeysConfig,
  listenConfig,
  resolverConfig,
  sandboxConfig,
  serviceConfig,
  urlOf,
  workerListenConfig,
  worldConfig
} from "../src/ServeConfig.ts"
import { type Environment, run } from "./Program.ts"

const complete = {
  COUNTERSIGN_SECRET: "0123456789abcdef0123456789abcdef",
  SMTP_URL: "smtp://user:pa%20ss@mail.example.com:587",
  MAIL_FROM: "Countersign <no-reply@example.com>",
  DKIM_ZONE: "dkim.example.com"
}

const read = <A, E>(config: Effect.Effect<A, E>, environment: Environment): Exit.Exit<A, E> =>
  Effect.runSyncExit(Effect.provide(config, ConfigProvider.layer(ConfigProvider.fromEnv({ env: environment }))))

const everything = Effect.all([
  listenConfig,
  serviceConfig,
  worldConfig,
  resolverConfig,
  dkimKeysConfig,
  storeConfig,
  logConfig(false)
])

const problemOf = (config: Effect.Effect<unknown, unknown>, environment: Environment): ConfigProblem => {
  const exit = read(Effect.flip(config), environment)
  if (!Exit.isSuccess(exit) || !(exit.value instanceof ConfigProblem)) throw new Error("It was accepted.")
  return exit.value
}

const accepted = <A, E>(config: Effect.Effect<A, E>, environment: Environment): A => {
  const exit = read(config, environment)
  if (!Exit.isSuccess(exit)) throw new Error(`It was refused: ${exit.cause}`)
  return exit.value
}

const oneSentence = /^[^\n]+[.]$/

describe("a wrong value is one sentence that names its variable", () => {
  const wrong: ReadonlyArray<readonly [variable: string, value: string]> = [
    ["HOST", "not a host"],
    ["HOST", "a/b"],
    ["PORT", "65536"],
    ["PORT", "-1"],
    ["PORT", "3000.5"],
    ["PORT", "http"],
    ["PUBLIC_URL", "example.com"],
    ["PUBLIC_URL", "ftp://example.com"],
    ["PUBLIC_URL", "https://user:pass@example.com"],
    ["PUBLIC_URL", "https://example.com/?a=b"],
    ["COUNTERSIGN_SECRET", "short"],
    ["COUNTERSIGN_SECRET", `${complete.COUNTERSIGN_SECRET},short`],
    ["COUNTERSIGN_SECRET", `${complete.COUNTERSIGN_SECRET},`],
    ["DATABASE_URL", "postgres://localhost"],
    ["DATABASE_URL", "postgresql://localhost/"],
    ["DATABASE_URL", "mysql://localhost"],
    ["DATABASE_URL", "sqlite:"],
    ["DATABASE_URL", "sqlite::memory:"],
    ["DATABASE_URL", "file://host/path"],
    ["SMTP_URL", "mail.example.com"],
    ["SMTP_URL", "http://mail.example.com"],
    ["SMTP_URL", "smtp://"],
    ["MAIL_FROM", "Countersign"],
    ["MAIL_FROM", "a@b.example, c@d.example"],
    ["FALLBACK_FROM", "Shop <shop@example.com>"],
    ["DKIM_ZONE", "localhost"],
    ["DKIM_ZONE", "a b.example"],
    ["DNS_SERVERS", "dns.example.com"],
    ["DNS_SERVERS", "192.0.2.1:0"],
    ["DNS_SERVERS", "192.0.2.1,bad"],
    ["DNS_MODE", "authoritative"],
    ["DKIM_KEYS", "nowhere"],
    ["LOG_LEVEL", "loud"],
    ["LOG_FORMAT", "xml"]
  ]
  it.each(wrong)("%s=%s", (variable, value) => {
    const problem = problemOf(everything, { ...complete, [variable]: value })
    expect(problem.variables).toEqual([variable])
    expect(problem.message).toContain(variable)
    expect(problem.message).toMatch(oneSentence)
    expect(problem.message).not.toContain("pa%20ss")
  })

  it.each(Object.keys(complete))("%s missing, or empty", (variable) => {
    for (const value of ["", "  "]) {
      const problem = problemOf(everything, { ...complete, [variable]: value })
      expect(problem.variables).toEqual([variable])
      expect(problem.message).toMatch(oneSentence)
    }
  })

  it.each([
    ["HOST", "0.0.0.0"],
    ["HOST", "::"],
    ["HOST", "192.0.2.1"],
    ["HOST", "example.com"],
    ["SMTP_URL", "smtp://localhost"],
    ["DATABASE_URL", "sqlite:x.db"]
  ])("the sandbox refuses %s=%s", (variable, value) => {
    const problem = problemOf(sandboxConfig, { [variable]: value })
    expect(problem.variables).toEqual([variable])
    expect(problem.message).toMatch(oneSentence)
  })

  it("a host that others reach needs a PUBLIC_URL", () => {
    for (const HOST of ["0.0.0.0", "::", "192.0.2.1", "mail.example.com"]) {
      const problem = problemOf(listenConfig, { HOST })
      expect(problem.variables).toEqual(["PUBLIC_URL"])
      expect(problem.message).toMatch(oneSentence)
    }
    for (const HOST of ["127.0.0.1", "::1", "localhost"])
      expect(accepted(listenConfig, { HOST }).publicUrl).toBeUndefined()
    expect(accepted(listenConfig, { HOST: "0.0.0.0", PUBLIC_URL: "https://verify.example.com/" })).toEqual({
      host: "0.0.0.0",
      port: 3000,
      publicUrl: "https://verify.example.com"
    })
  })
})

it("workers alone need a PUBLIC_URL: the pages are elsewhere", () => {
  expect(problemOf(workerListenConfig, { PORT: "0" }).variables).toEqual(["PUBLIC_URL"])
  expect(accepted(workerListenConfig, { PUBLIC_URL: "https://verify.example.com" }).port).toBe(3000)
})

it("the API alone needs no mail server", () => {
  const { COUNTERSIGN_SECRET, DKIM_ZONE } = complete
  expect(accepted(serviceConfig, { COUNTERSIGN_SECRET, DKIM_ZONE }).dkimZone).toBe("dkim.example.com")
})

describe("what is accepted", () => {
  it("has defaults", () => {
    expect(accepted(listenConfig, {})).toEqual({ host: "127.0.0.1", port: 3000, publicUrl: undefined })
    expect(accepted(storeConfig, {})).toEqual(databaseIn(resolve(".countersign")))
    expect(accepted(logConfig(true), {})).toEqual({ level: "Info", format: "pretty" })
    expect(accepted(logConfig(false), {})).toEqual({ level: "Info", format: "json" })
    expect(accepted(sandboxConfig, {})).toMatchObject({ folder: undefined, secrets: undefined })
  })

  it("reads every variable", () => {
    const [listen, service, , resolver, keys, store, log] = accepted(everything, {
      ...complete,
      HOST: "[::1]",
      PORT: "0",
      PUBLIC_URL: "https://example.com/mail/",
      COUNTERSIGN_SECRET: `${complete.COUNTERSIGN_SECRET}, ${"b".repeat(32)}`,
      COUNTERSIGN_DATA: "/var/lib/countersign",
      DATABASE_URL: "sqlite:/srv/x.db",
      DNS_SERVERS: "192.0.2.1, [2001:db8::1]:5353",
      DNS_MODE: "Resolver",
      DKIM_KEYS: "Elsewhere",
      FALLBACK_FROM: "shop@example.com",
      LOG_LEVEL: "DEBUG",
      LOG_FORMAT: "pretty"
    })
    expect(listen).toEqual({ host: "::1", port: 0, publicUrl: "https://example.com/mail" })
    expect(Redacted.value(service.secrets)).toEqual([complete.COUNTERSIGN_SECRET, "b".repeat(32)])
    expect(service.dkimZone).toBe("dkim.example.com")
    expect([service.fallbackFrom, keys]).toEqual(["shop@example.com", "elsewhere"])
    expect(resolver).toEqual({ dnsServers: ["192.0.2.1:53", "[2001:db8::1]:5353"], dnsMode: "resolver" })
    expect(store).toEqual({ _tag: "Sqlite", folder: "/var/lib/countersign", file: "/srv/x.db" })
    expect(log).toEqual({ level: "Debug", format: "pretty" })
  })

  it("keeps secrets out of what is printed of it", () => {
    const printed = JSON.stringify(accepted(Effect.all([serviceConfig, worldConfig]), complete))
    expect(printed).not.toContain(complete.COUNTERSIGN_SECRET)
    expect(printed).not.toContain("pa%20ss")
  })

  it("takes sqlite and file URLs with relative and absolute paths", () => {
    const store = (url: string) => accepted(storeConfig, { DATABASE_URL: url })
    expect(store("sqlite:x.db")).toMatchObject({ file: resolve("x.db") })
    for (const url of ["sqlite:///srv/x.db", "file:/srv/x.db", "file:///srv/x.db"]) {
      expect(store(url)).toMatchObject({ file: "/srv/x.db" })
    }
  })

  it("takes PostgreSQL, with what only it needs", () => {
    const DATABASE_URL = "postgres://user:pa%20ss@db.example.com:5432/mail?sslmode=verify-full"
    const store = accepted(storeConfig, { DATABASE_URL })
    expect(store).toEqual({
      _tag: "Postgres",
      url: Redacted.make(DATABASE_URL),
      schema: "countersign",
      connections: 8,
      pooler: false
    })
    expect(JSON.stringify(store)).not.toContain("pa%20ss")
    const more = { DATABASE_SCHEMA: "senders", DATABASE_CONNECTIONS: "2", DATABASE_POOLER: "transaction" }
    expect(accepted(storeConfig, { DATABASE_URL, ...more })).toMatchObject({
      schema: "senders",
      connections: 2,
      pooler: true
    })
    for (const [variable, value] of [
      ["DATABASE_SCHEMA", "pg_mail"],
      ["DATABASE_SCHEMA", 'a"b'],
      ["DATABASE_CONNECTIONS", "0"],
      ["DATABASE_POOLER", "session"]
    ] as const) {
      const found = problemOf(storeConfig, { DATABASE_URL, [variable]: value })
      expect(found.variables).toEqual([variable])
      expect(found.message).toMatch(oneSentence)
    }
  })

  it("writes URLs of both families", () => {
    expect(urlOf("127.0.0.1", 3000)).toBe("http://127.0.0.1:3000")
    expect(urlOf("::1", 80)).toBe("http://[::1]")
  })
})

it("ends the start-up with those sentences alone, all that are missing at once, and exit code 1", async () => {
  const without = await run(["serve"], { HOST: "0.0.0.0", DATABASE_URL: "mysql://localhost" })
  expect(without).toMatchObject({ code: 1, stdout: "" })
  const lines = without.stderr.trim().split("\n")
  expect(lines.map((line) => /^(\w+) (?:is missing: .+|must be .+)\.$/.exec(line)?.[1])).toEqual([
    "PUBLIC_URL",
    "COUNTERSIGN_SECRET",
    "DKIM_ZONE",
    "SMTP_URL",
    "MAIL_FROM",
    "DATABASE_URL"
  ])
  const refused = await run(["serve", "--sandbox"], { HOST: "0.0.0.0" })
  expect(refused).toMatchObject({ code: 1, stdout: "" })
  expect(refused.stderr).toMatch(/^HOST 0\.0\.0\.0 is refused in the sandbox: [^\n]+\.\n$/)
})

it("serve --help names every setting, and what holds without it", async () => {
  const help = await run(["serve", "--help"])
  expect(help).toMatchObject({ code: 0, stderr: "" })
  const lines = help.stdout.split("\n").map((line) => line.trim().replace(/ {2,}/, " "))
  for (const { name, byDefault } of variables) expect(lines).toContain(`${name} ${byDefault.replaceAll("`", "")}`)
})

it("docs/reference/configuration.md has the same table", () => {
  const page = readFileSync(new URL("../../../docs/reference/configuration.md", import.meta.url), "utf8")
  const rows = page.split("\n").filter((line) => line.startsWith("| `"))
  expect(rows).toEqual(variables.map(({ name, byDefault, meaning }) => `| \`${name}\` | ${byDefault} | ${meaning} |`))
})
