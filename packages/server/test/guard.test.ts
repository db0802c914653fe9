import { isLoopback } from "@countersign/engine"
import { Effect } from "effect"
import { expect, it, vi } from "vitest"
import { Logging, withoutSecrets } from "../src/Logging.ts"
import { domainsAbove } from "../src/sandbox/ProbeNudge.ts"
import { refusalOf } from "../src/sandbox/SandboxGuard.ts"

const url = "http://127.0.0.1:3000"
const get = (headers: Record<string, string>) => refusalOf({ method: "GET", headers }, url)
const put = (headers: Record<string, string>) => refusalOf({ method: "PUT", headers }, url)

it("answers on names of this machine only", () => {
  for (const host of ["127.0.0.1:3000", "localhost:3000", "localhost", "[::1]:3000", "app.localhost"]) {
    expect(get({ host })).toBeUndefined()
  }
  for (const host of [
    "evil.example",
    "evil.example:3000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "a b",
    ""
  ]) {
    expect(get({ host })).toBeDefined()
  }
  expect(get({})).toBeDefined()
  expect(refusalOf({ method: "GET", headers: { host: "box.example" } }, "http://box.example")).toBeUndefined()
})

it("is changed by its own page and by programs only", () => {
  const host = "localhost:3000"
  expect(put({ host })).toBeUndefined()
  expect(put({ host, origin: "http://localhost:3000" })).toBeUndefined()
  for (const origin of [
    "null",
    "",
    "http://localhost:4000",
    "https://evil.example",
    "http://localhost:3000.evil.example"
  ]) {
    expect(put({ host, origin })).toBeDefined()
  }
})

it("tells loopback addresses from others", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1", "localhost"])
    expect(isLoopback(host)).toBe(true)
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "example.com", "localhost.example"]) {
    expect(isLoopback(host)).toBe(false)
  }
})

it("knows which domains a changed name may concern", () => {
  expect(domainsAbove("T._domainkey.shop.example.")).toEqual([
    "t._domainkey.shop.example",
    "_domainkey.shop.example",
    "shop.example"
  ])
  expect(domainsAbove("example")).toEqual([])
})

it("lets no link token and no whole address into the log", () => {
  const token = "A".repeat(92)
  expect(withoutSecrets(`GET /verify/${token} failed`)).toBe("GET /verify/*** failed")
  expect(withoutSecrets('{"to":"ada.lovelace+x@shop.example"}')).toBe('{"to":"a***@shop.example"}')
  expect(withoutSecrets("nothing to hide @ 12:00")).toBe("nothing to hide @ 12:00")
})

it("logs one string as the message, and what was logged beside it as annotations", () => {
  const lines = vi.spyOn(console, "log").mockImplementation(() => undefined)
  const log = (...message: ReadonlyArray<unknown>) =>
    Effect.runSync(
      Effect.logWarning(...message).pipe(
        Effect.annotateLogs("kind", "probe"),
        Effect.provide(Logging.layer({ level: "Info", format: "json" }))
      )
    )
  log("a task failed")
  log("a task failed", { error: "no answer" }, 7, "and is tried again")
  log({ error: "no answer" })
  const printed = lines.mock.calls.map(([line]) => JSON.parse(String(line)))
  lines.mockRestore()
  expect(printed).toMatchObject([
    { message: "a task failed", annotations: { kind: "probe" } },
    { message: "a task failed and is tried again", annotations: { kind: "probe", error: "no answer", detail: [7] } },
    { message: "", annotations: { kind: "probe", error: "no answer" } }
  ])
})
