import { createHash } from "node:crypto"
import { Senders, StorageUnavailable } from "@countersign/engine"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { emailAddressIn, type Service, startService } from "../Service.ts"

const publicUrl = "http://verify.acme.test"
let service: Service
let added = 0
beforeAll(async () => {
  service = await startService({ publicUrl, accountName: `<b>O'Brien & "Söhne"</b>` })
})
afterAll(() => service.stop())

/** A new sender with a link that nobody has used. */
const open = async (of = service) => {
  added += 1
  const email = `o'brien+&${added}@acme.com`
  const { id } = await emailAddressIn(await of.call("POST", "/v1/email-address", { email }))
  return { id, email, path: `/verify/${await of.link(id)}` }
}

const visit = async (path: string, headers: Record<string, string> = {}, of = service) => {
  const answer = await fetch(of.url + path, { headers: { accept: "text/html", ...headers } })
  const page = await answer.text()
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? ""
  return { answer, page, cookie, nonce: /name="nonce" value="([^"]*)"/.exec(page)?.[1] ?? "" }
}

const press = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}, of = service) =>
  fetch(of.url + path, { method: "POST", headers, body: new URLSearchParams(fields) })

/** Opens the page and presses a button of it. */
const visitAndPress = async (path: string, action: string, headers: Record<string, string> = {}, of = service) => {
  const { cookie, nonce } = await visit(path, {}, of)
  return press(path, { action, nonce }, { cookie, ...headers }, of)
}

const mailbox = async () =>
  JSON.stringify(await (await service.call("GET", "/v1/email-address/status")).json()).slice(28, 35)

describe("the page of an open link", () => {
  it("names the account and the address, escaped, and has two buttons", async () => {
    const { path, email } = await open()
    const { answer, page } = await visit(path)
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"])
    expect(page).toContain("<strong>&lt;b&gt;O&#39;Brien &amp; &quot;Söhne&quot;&lt;/b&gt;</strong>")
    expect(page).toContain(`<span class="address">${email.replace("&", "&amp;").replace("'", "&#39;")}</span>`)
    expect(page.match(/<button [^>]*value="(\w+)"/g)).toHaveLength(2)
    expect(page).toContain('name="action" value="confirm"')
    expect(page).toContain('name="action" value="decline"')
  })

  it("runs nothing, loads nothing, and works on a phone", async () => {
    const { path } = await open()
    const { answer, page } = await visit(path)
    expect(page).not.toMatch(/<script|\son\w+=|javascript:|https?:\/\/|@import|url\(/i)
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
    expect(page).toContain('<html lang="en">')
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? ""
    const hash = createHash("sha256").update(style).digest("base64")
    const policy = answer.headers.get("content-security-policy") ?? ""
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      "img-src data:",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'"
    ])
  })

  it("sets its nonce as a strict cookie, and keeps the one that the browser has", async () => {
    const { path } = await open()
    const first = await visit(path)
    expect(first.answer.headers.get("set-cookie")).toBe(
      `countersign_nonce=${first.nonce}; Path=/verify; HttpOnly; SameSite=Strict`
    )
    expect(first.nonce).toMatch(/^[\w-]{24}$/)
    expect((await visit(path)).nonce).not.toBe(first.nonce)
    expect((await visit(path, { cookie: first.cookie })).nonce).toBe(first.nonce)
    expect((await visit(path, { cookie: 'countersign_nonce="><script>' })).page).not.toContain("<script>")
  })

  it("changes nothing by GET and HEAD", async () => {
    const { path } = await open()
    const events = await service.events()
    for (const method of ["GET", "HEAD", "GET"]) {
      const answer = await fetch(`${service.url}${path}?action=confirm&nonce=x`, { method })
      expect(answer.status).toBe(200)
      if (method === "HEAD") expect(await answer.text()).toBe("")
    }
    expect(await service.events()).toBe(events)
  })

  it("answers JSON to whoever prefers it", async () => {
    const { path, email } = await open()
    const { answer, page } = await visit(path, { accept: "application/json" })
    expect(answer.headers.get("content-type")).toMatch("application/json")
    expect(JSON.parse(page)).toEqual({ state: "open", address: email, accountName: `<b>O'Brien & "Söhne"</b>` })
    expect(answer.headers.get("set-cookie")).toBeNull()
    expect((await visit(path, { accept: "text/html,application/json;q=0.9" })).page).toContain("<!doctype html>")
    expect((await visit(path, { accept: "*/*" })).page).toContain("<!doctype html>")
  })
})

describe("every answer under /verify", () => {
  it("is kept by nobody, indexed by nobody, and tells nobody where it came from", async () => {
    const { path } = await open()
    const answers = [
      (await visit(path)).answer,
      (await visit(path, { accept: "application/json" })).answer,
      (await visit("/verify/unknown")).answer,
      await press(path, {}),
      await visitAndPress(path, "confirm"),
      await fetch(service.url + path, { method: "PUT" }),
      await fetch(service.url + path, { method: "POST", body: "{}", headers: { "content-type": "application/json" } })
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 403, 200, 405, 415])
    for (const { headers } of answers) {
      expect(headers.get("cache-control")).toBe("no-store")
      expect(headers.get("referrer-policy")).toBe("no-referrer")
      expect(headers.get("x-robots-tag")).toBe("noindex")
      expect(headers.get("x-content-type-options")).toBe("nosniff")
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'")
    }
  })
})

describe("the buttons", () => {
  it("confirm once; again, the page says that it is done", async () => {
    const { path } = await open()
    expect(await mailbox()).toContain("PENDING")
    const first = await visitAndPress(path, "confirm")
    expect([first.status, await first.text()]).toEqual([200, expect.stringContaining("the address is confirmed")])
    expect(await mailbox()).toContain("SUCCESS")

    const { page, answer } = await visit(path)
    expect([answer.status, page]).toEqual([200, expect.stringContaining("already verified")])
    const json = await visit(path, { accept: "application/json" })
    expect(JSON.parse(json.page)).toMatchObject({ state: "verified" })
  })

  it("confirm from two tabs: the second is told that it is done, by either button", async () => {
    for (const action of ["confirm", "decline"]) {
      const { path } = await open()
      const { cookie, nonce } = await visit(path)
      await press(path, { action: "confirm", nonce }, { cookie })
      const events = await service.events()
      const second = await press(path, { action, nonce }, { cookie })
      expect([second.status, await second.text()]).toEqual([200, expect.stringContaining("already verified")])
      expect(await service.events()).toBe(events)
    }
  })

  it("decline: the link is dead from then on", async () => {
    const { path } = await open()
    const first = await visitAndPress(path, "decline")
    expect([first.status, await first.text()]).toEqual([200, expect.stringContaining("Thank you for telling us")])
    const second = await visit(path)
    expect([second.answer.status, second.page]).toEqual([410, expect.stringContaining("was declined")])
  })

  it.each(["confirm", "decline"])("%s, and the event tells which request it was", async (action) => {
    const { path } = await open()
    await visitAndPress(path, action, { "x-correlation-id": `the-${action}` })
    expect(await service.newestMetadata()).toMatchObject({ actor: "mailbox", correlation: `the-${action}` })
  })

  it("nothing else: 400 with the page again", async () => {
    const { path } = await open()
    for (const action of ["", "CONFIRM", "remove"]) {
      const answer = await visitAndPress(path, action)
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('value="confirm"')])
    }
    expect(await mailbox()).toContain("PENDING")
  })
})

describe("a form that does not come from the page", () => {
  it.each<[string, Record<string, string>, (page: { cookie: string; nonce: string }) => Record<string, string>]>([
    ["has no cookie", {}, ({ nonce }) => ({ nonce })],
    ["has no nonce", { cookie: "yes" }, () => ({})],
    ["has an empty nonce", { cookie: "yes" }, () => ({ nonce: "" })],
    ["has another nonce", { cookie: "yes" }, ({ nonce }) => ({ nonce: nonce.replace(/^./, "!") })],
    ["has a nonce of another length", { cookie: "yes" }, ({ nonce }) => ({ nonce: `${nonce}x` })],
    ["has a nonce that both sides made up", { cookie: "countersign_nonce=x" }, () => ({ nonce: "x" })],
    ["comes from elsewhere", { cookie: "yes", origin: "https://evil.example" }, ({ nonce }) => ({ nonce })],
    ["comes from another scheme", { cookie: "yes", origin: "https://verify.acme.test" }, ({ nonce }) => ({ nonce })],
    ["comes from another port", { cookie: "yes", origin: `${publicUrl}:81` }, ({ nonce }) => ({ nonce })],
    ["has a null origin and no cookie", { origin: "null" }, ({ nonce }) => ({ nonce })]
  ])("%s: 403 with the page again", async (_, headers, fields) => {
    const { path } = await open()
    const page = await visit(path)
    const events = await service.events()
    const answer = await press(
      path,
      { action: "confirm", ...fields(page) },
      { ...headers, ...(headers.cookie === "yes" ? { cookie: page.cookie } : {}) }
    )
    const text = await answer.text()
    expect(answer.status).toBe(403)
    expect(text).toContain('role="alert"')
    expect(await service.events()).toBe(events)
    // The page that is shown again works.
    const nonce = /name="nonce" value="([^"]*)"/.exec(text)?.[1] ?? ""
    const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? ""
    expect((await press(path, { action: "confirm", nonce }, { cookie })).status).toBe(200)
  })

  it.each(["null", publicUrl])("but one whose origin is %s is taken", async (origin) => {
    const { path } = await open()
    expect((await visitAndPress(path, "confirm", { origin })).status).toBe(200)
  })

  it.each(["application/json", "text/plain", "multipart/form-data; boundary=x"])("sent as %s: 415", async (type) => {
    const { path } = await open()
    const answer = await fetch(service.url + path, {
      method: "POST",
      headers: { "content-type": type },
      body: '{"action":"confirm"}'
    })
    expect([answer.status, answer.headers.get("content-type")]).toEqual([415, "application/problem+json"])
  })
})

describe("a link that does nothing says why", () => {
  const refused = async (path: string, status: number, reason: string, words: string) => {
    const { answer, page } = await visit(path)
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "text/html; charset=utf-8"])
    expect(page).toContain(words)
    expect(page).not.toContain("<form")
    const json = await visit(path, { accept: "application/json" })
    expect(json.answer.headers.get("content-type")).toBe("application/problem+json")
    expect([json.answer.status, JSON.parse(json.page)]).toEqual([status, expect.objectContaining({ status, reason })])
    const events = await service.events()
    const pressed = await press(path, { action: "confirm", nonce: "x" })
    expect([pressed.status, await pressed.text()]).toEqual([status, expect.stringContaining(words)])
    expect(await service.events()).toBe(events)
  }

  it("void, after a newer one was mailed", async () => {
    const { path } = await open()
    await service.pass("61 seconds")
    expect((await service.call("POST", "/v1/email-address/resend-verification")).status).toBe(200)
    await refused(path, 410, "void", "There is a newer link")
  })

  it("expired, after a day", async () => {
    const { path } = await open()
    await service.pass("25 hours")
    await refused(path, 410, "expired", "ask whoever added the address")
  })

  it("removed", async () => {
    const { path, id } = await open()
    await service.run(
      Effect.flatMap(Senders, (senders) =>
        senders.remove({ account: service.account, actor: "test", correlation: "test", id })
      )
    )
    await refused(path, 410, "removed", "was removed")
  })

  it.each([
    ["damaged", (path: string) => path.slice(0, -1)],
    ["of another signature", (path: string) => `${path.slice(0, -6)}AAAAAA`],
    ["in another case", (path: string) => path.toLowerCase()],
    ["absurdly long", (path: string) => path + "A".repeat(8_000)],
    ["markup", () => `/verify/${encodeURIComponent("<script>alert(1)</script>")}`]
  ])("%s", async (_, change) => {
    await refused(change((await open()).path), 404, "unknown", "This link is not valid")
  })
})

describe("behind a public URL with https and a prefix", () => {
  it("the cookie is secure and belongs to the prefix", async () => {
    const other = await startService({ publicUrl: "https://acme.example/mail" })
    const { path } = await open(other)
    const { answer, nonce } = await visit(path, {}, other)
    expect(answer.headers.get("set-cookie")).toBe(
      `countersign_nonce=${nonce}; Path=/mail/verify; HttpOnly; SameSite=Strict; Secure`
    )
    expect((await visitAndPress(path, "confirm", { origin: "https://acme.example" }, other)).status).toBe(200)
    await other.stop()
  })
})

describe("when the storage does not answer", () => {
  it("a person gets a page, with 503 and Retry-After", async () => {
    const broken = await startService({
      disturb: () => ({
        senders: { readLink: () => Effect.fail(new StorageUnavailable({ reason: "the disk is on fire" })) }
      })
    })
    for (const answer of [await fetch(`${broken.url}/verify/x`), await press("/verify/x", {}, {}, broken)]) {
      const page = await answer.text()
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"])
      expect(page).toContain("Please try again")
      expect(page).not.toContain("fire")
    }
    await broken.stop()
  })
})
