/** The environment variables of a relay: their defaults, and one sentence for each mistake. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Result } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { type RelayVariable, readRelaySettings } from "../src/RelayConfig.ts"
import { loopback } from "./RelayWorld.ts"

const folder = mkdtempSync(join(tmpdir(), "relay-settings-"))
afterAll(() => rmSync(folder, { recursive: true }))
const pem = join(folder, "pem")
writeFileSync(pem, "PEM")

const upstream = loopback(25)
type Given = Partial<Record<RelayVariable, string>>
const read = (given: Given) => readRelaySettings((name) => given[name], upstream)
const bounce = { RELAY_BOUNCE: "bounce@example.com" }
const settingsOf = (given: Given) => Result.getOrThrow(read({ ...bounce, ...given }))

describe("the settings of a relay", () => {
  it("need a bounce address and nothing else", () => {
    expect(settingsOf({})).toEqual({
      ...{ host: "127.0.0.1", port: 2587, certificate: undefined, upstream, bounce: "bounce@example.com" },
      ...{ fallback: "refuse", unsigned: [], maxBytes: 26_214_400, limits: { connections: 20, messagesPerMinute: 600 } }
    })
  })

  it("are read", () => {
    const tls = { RELAY_TLS_CERT: pem, RELAY_TLS_KEY: pem }
    const limits = { RELAY_MAX_MIB: "1", RELAY_CONNECTIONS: "2", RELAY_RATE: "3" }
    const all = settingsOf({
      ...{ RELAY_LISTEN: "[::]:465", RELAY_FALLBACK: "rewrite", RELAY_UNSIGNED_HEADERS: "SES" },
      ...{ ...tls, ...limits }
    })
    expect(all).toMatchObject({
      ...{ host: "::", port: 465, certificate: { cert: "PEM", key: "PEM", implicit: true } },
      ...{ fallback: "rewrite", unsigned: ["date", "message-id"], maxBytes: 1_048_576 },
      limits: { connections: 2, messagesPerMinute: 3 }
    })
    expect(settingsOf({ RELAY_LISTEN: "mail.example.com:587", ...tls }).certificate?.implicit).toBe(false)
    expect(settingsOf({ RELAY_UNSIGNED_HEADERS: "Date, X-Mailer" }).unsigned).toEqual(["date", "x-mailer"])
  })

  it.each<[Given, ReadonlyArray<RelayVariable>]>([
    [{ RELAY_BOUNCE: "" }, ["RELAY_BOUNCE"]],
    [{ RELAY_BOUNCE: "Bounces <b@example.com>" }, ["RELAY_BOUNCE"]],
    [{ RELAY_LISTEN: "587" }, ["RELAY_LISTEN"]],
    [{ RELAY_LISTEN: "127.0.0.1:65536" }, ["RELAY_LISTEN"]],
    [{ RELAY_LISTEN: "a b:587" }, ["RELAY_LISTEN"]],
    [{ RELAY_LISTEN: "0.0.0.0:587" }, ["RELAY_TLS_CERT", "RELAY_TLS_KEY"]],
    [{ RELAY_TLS_CERT: pem }, ["RELAY_TLS_KEY"]],
    [{ RELAY_TLS_CERT: pem, RELAY_TLS_KEY: join(folder, "none") }, ["RELAY_TLS_KEY"]],
    [{ RELAY_FALLBACK: "maybe" }, ["RELAY_FALLBACK"]],
    [{ RELAY_UNSIGNED_HEADERS: "Subject:" }, ["RELAY_UNSIGNED_HEADERS"]],
    [{ RELAY_UNSIGNED_HEADERS: "date,From" }, ["RELAY_UNSIGNED_HEADERS"]],
    [
      { RELAY_MAX_MIB: "0", RELAY_CONNECTIONS: "x", RELAY_RATE: "-1" },
      ["RELAY_MAX_MIB", "RELAY_CONNECTIONS", "RELAY_RATE"]
    ]
  ])("refuse %o", (given, variables) => {
    const problems = Result.getOrThrow(Result.flip(read({ ...bounce, ...given })))
    expect(problems.variables).toEqual(variables)
    expect(problems.message.split("\n").map((line) => /^(\w+) must be .+\.$/.exec(line)?.[1])).toEqual(variables)
  })
})
