/**
 * What a production server works with, on loopback: a mail server that asks for a password, a DNS server, and an
 * account with a key in a store of its own. All of it goes with the test.
 */
import { DnsServer, SmtpSink } from "@countersign/sandbox"
import { Effect, Exit, Scope } from "effect"
import { expect, onTestFinished } from "vitest"
import { type Environment, run, start, temporaryFolder, until } from "./Program.ts"

export const mailPassword = "s3cret-pass"

export const makeWorld = async (store: Environment = { COUNTERSIGN_DATA: temporaryFolder() }) => {
  const smtp = await forTheTest(SmtpSink.make({ auth: { user: "mailer", pass: mailPassword } }))
  const dns = await forTheTest(DnsServer.make())
  const environment = {
    PORT: "0",
    COUNTERSIGN_SECRET: "0123456789abcdef0123456789abcdef",
    SMTP_URL: `smtp://mailer:${mailPassword}@${smtp.address}`,
    MAIL_FROM: "Countersign <no-reply@countersign.example>",
    DKIM_ZONE: "dkim.countersign.example",
    // Nobody serves this zone here.
    DKIM_KEYS: "elsewhere",
    DNS_SERVERS: dns.address,
    ...store
  }
  const account = await operate(environment, "id", "account", "create", "--email", "ops@acme.example", "--name", "Acme")
  const accessToken = await operate(environment, "secret", "key", "create", "--account", account)
  // As the clients of `Sandbox.ts` read it.
  const overview = {
    account: { id: account, email: "" },
    organization: { id: "" },
    accessToken,
    smtp: "",
    dns: "",
    relay: ""
  }
  return { smtp, dns, environment, overview }
}

/** Starts a server and waits until it listens. It ends with the test. */
export const serve = async (environment: Environment, ...args: ReadonlyArray<string>) => {
  const program = start(["serve", ...args], environment)
  onTestFinished(() => program.kill("SIGKILL"))
  const url = await until("its first line", () => /Listening on (http:\/\/[\d.:]+)/.exec(program.output())?.[1])
  return { ...program, url }
}

/** The link that a mail holds. */
export const linkIn = (text: string): string => /https?:\/\/\S+\/verify\/[\w-]{92}/.exec(text)?.[0] ?? ""

const forTheTest = async <A, E>(make: Effect.Effect<A, E, Scope.Scope>): Promise<A> => {
  const scope = await Effect.runPromise(Scope.make())
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(Scope.provide(make, scope))
}

/** Runs an operator's command, and answers a member of what it says. */
const operate = async (environment: Environment, member: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const ended = await run([...args, "--json"], environment)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return String(JSON.parse(ended.stdout)[member])
}
