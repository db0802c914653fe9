/**
 * A sender alone in the native dialect, its timeline, and its state at an earlier time.
 */
import { MailRefused, Senders } from "@countersign/engine"
import { MemoryMailer } from "@countersign/memory"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { native } from "../edge/EachDialect.ts"
import { type Service, startService } from "../Service.ts"
import { adding, nativeClient } from "./Client.ts"

let service: Service
let client: ReturnType<typeof nativeClient>
let add: ReturnType<typeof adding>
beforeEach(async () => {
  service = await startService()
  client = nativeClient(service)
  add = adding(service)
})
afterEach(() => service.stop())

const remove = (address: string) =>
  service.call("DELETE", `/sender/${address}`, undefined, { authorization: `Bearer ${service.token}` })

describe("a sender", () => {
  it("has both axes with their times, its blockers, and its records in both forms of the name", async () => {
    const id = await add("A@mail.acme.com", service.organization, { customer: "1" })
    await service.pass("1 hour")
    await service.confirm(await service.link(id))
    const { records, ...sender } = await client.sender(id)
    expect(sender).toEqual({
      id,
      address: "A@mail.acme.com",
      organization: service.organization,
      status: "email-verified",
      mailbox: "verified",
      domainState: "pending",
      blockers: [{ code: "domain-unverified", about: "domain", message: expect.stringContaining("mail.acme.com") }],
      metadata: { customer: "1" },
      addedAt: "1970-01-01T00:00:00.000Z",
      updatedAt: "1970-01-01T01:00:00.000Z",
      mailboxSince: "1970-01-01T01:00:00.000Z",
      domainSince: "1970-01-01T00:00:00.000Z",
      link: { sentAt: null, expiresAt: "1970-01-02T00:00:00.000Z" }
    })
    expect(records).toHaveLength(3)
    for (const [index, { type, name, host, value, verdict }] of records.entries()) {
      const [token] = name.split(".")
      expect([type, name, host, value, verdict]).toEqual([
        "CNAME",
        `${token}._domainkey.mail.acme.com`,
        `${token}._domainkey.mail`,
        `${token}.k${index + 1}.dkim.countersign.net`,
        null
      ])
    }
  })

  it("of a whole domain needs no mailbox, and is about its domain", async () => {
    const sender = await client.sender(await add("acme.com"))
    expect([sender.domain, sender.address, sender.mailbox, sender.link]).toEqual([
      "acme.com",
      undefined,
      "not-needed",
      null
    ])
    expect(sender.blockers.map(({ about }) => about)).toEqual(["domain"])
  })

  it("says why a mail could not be delivered, which lists do not know", async () => {
    await service.stop()
    service = await startService({ workers: true })
    client = nativeClient(service)
    const refusal = new MailRefused({ permanent: true, reason: "550 no such user" })
    await service.run(Effect.flatMap(MemoryMailer, ({ refuseNext }) => refuseNext(refusal)))
    const id = await adding(service)("a@acme.com")
    await service.work("1 minute")
    const { mailbox, blockers } = await client.sender(id)
    expect([mailbox, blockers[0]?.about, blockers[0]?.message]).toEqual([
      "undeliverable",
      "mailbox",
      "The mail to a@acme.com could not be delivered: 550 no such user"
    ])
    const [listed] = (await client.page()).senders
    expect(listed?.blockers[0]?.message).toBe("The mail to a@acme.com could not be delivered.")
  })

  it("that is unchanged answers 304 to whoever has it, by its entity tag", async () => {
    const path = `/v1/senders/${await add("a@acme.com")}`
    const first = await client.get(path)
    const etag = first.headers.get("etag") ?? ""
    expect([etag, first.headers.get("cache-control")]).toEqual([
      expect.stringMatching(/^"[\w-]{22}"$/),
      "private, no-cache"
    ])
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, " * "]) {
      const again = await client.get(path, { "if-none-match": known })
      expect([known, again.status, await again.text(), again.headers.get("etag")]).toEqual([known, 304, "", etag])
    }
    for (const other of ['"x"', etag.slice(1, -1), ""]) {
      expect([other, (await client.get(path, { "if-none-match": other })).status]).toEqual([other, 200])
    }
    await service.confirm(await service.link(path.split("/").at(-1) ?? ""))
    const changed = await client.get(path, { "if-none-match": etag })
    expect([changed.status, changed.headers.get("etag") === etag]).toEqual([200, false])
  })

  it("that is removed, foreign or unknown is not there, but for its timeline", async () => {
    const id = await add("a@acme.com")
    await remove("a@acme.com")
    for (const path of [
      `/v1/senders/${id}`,
      `/v1/senders/${id}/dns`,
      "/v1/senders/nobody",
      "/v1/senders/nobody/events"
    ]) {
      expect(await client.problem(path)).toMatchObject({ status: 404, detail: "There is no such sender." })
    }
    const other = { authorization: service.other.token }
    expect((await client.get(`/v1/senders/${id}/events`, other)).status).toBe(404)
    expect((await client.get(`/v1/senders/${id}/events?as-of=2020-01-01T00:00:00Z`, other)).status).toBe(404)
    expect((await client.timeline(id)).events.map(({ type }) => type)).toEqual([
      "SenderAdded",
      "VerificationRequested",
      "SenderRemoved"
    ])
  })

  it.each(["", "/dns", "/events"])("takes no parameter that it does not know: %s", async (suffix) => {
    const id = await add("a@acme.com")
    expect(await client.problem(`/v1/senders/${id}${suffix}?fields=id`)).toMatchObject({
      status: 400,
      parameter: "fields"
    })
  })
})

describe("a timeline", () => {
  /** Added, confirmed after an hour, removed after another, added again after a third. */
  const live = async () => {
    const id = await add("a@acme.com", service.organization)
    await service.pass("1 hour")
    await service.confirm(await service.link(id))
    await service.pass("1 hour")
    await remove("a@acme.com")
    await service.pass("1 hour")
    await add("a@acme.com", service.organization)
    return id
  }

  it("has every life, with who caused what for which request, and times as in the sender", async () => {
    const { events, next, state } = await client.timeline(await live())
    expect([next, state]).toEqual([null, undefined])
    expect(events.map(({ type, at, actor }) => [type, at.slice(11, 16), actor])).toEqual([
      ["SenderAdded", "00:00", `key:${service.key}`],
      ["VerificationRequested", "00:00", `key:${service.key}`],
      ["EmailVerified", "01:00", "mailbox"],
      ["SenderRemoved", "02:00", `key:${service.key}`],
      ["SenderAdded", "03:00", `key:${service.key}`],
      ["VerificationRequested", "03:00", `key:${service.key}`]
    ])
    expect(new Set(events.map(({ id }) => id)).size).toBe(6)
    expect(events[0]?.correlation).toBe(events[1]?.correlation)
    expect(events[0]?.data).toMatchObject({ address: "a@acme.com", organization: service.organization })
    expect(events[1]?.data).toMatchObject({
      notBefore: "1970-01-01T00:00:00.000Z",
      expiresAt: "1970-01-02T00:00:00.000Z"
    })
  })

  it("comes in pages, each event once", async () => {
    const id = await live()
    const { events } = await client.timeline(id)
    const seen: Array<string> = []
    for (let query: string | undefined = "limit=4"; query !== undefined; ) {
      const page = await client.timeline(id, query)
      seen.push(...page.events.map((event) => event.id))
      query = page.link?.split("?")[1]
    }
    expect(seen).toEqual(events.map((event) => event.id))
    const until = await client.timeline(id, "limit=2&as-of=1970-01-01T01:30:00Z")
    expect(until.link).toBe(`/v1/senders/${id}/events?limit=2&as-of=1970-01-01T01%3A30%3A00Z&cursor=2`)
    expect((await client.timeline(id, until.link?.split("?")[1])).events.map(({ type }) => type)).toEqual([
      "EmailVerified"
    ])
  })

  it.each([
    ["1969-12-31T23:59:59.999Z", 0, undefined, undefined],
    ["1970-01-01T00:00:00Z", 2, "pending", "pending"],
    ["1970-01-01T02:59:59.999+02:00", 2, "pending", "pending"],
    ["1970-01-01T01:00:00.000Z", 3, "email-verified", "verified"],
    ["1970-01-01T02:00:00Z", 4, "removed", "verified"],
    ["1970-01-01T03:00:00Z", 6, "pending", "pending"],
    ["2099-01-01T00:00:00Z", 6, "pending", "pending"]
  ])("as of %s has %i events, and the state then is %s", async (time, count, status, mailbox) => {
    const id = await live()
    const { events, state } = await client.timeline(id, `as-of=${encodeURIComponent(time)}`)
    expect([events.length, state?.status, state?.mailbox, state?.id]).toEqual([
      count,
      status,
      mailbox,
      status === undefined ? undefined : id
    ])
    if (status === undefined) expect(state).toBeNull()
    if (status === "removed") expect(state?.blockers.map(({ code }) => code)).toEqual(["sender-not-found"])
  })

  it.each([
    ["as-of=yesterday", "as-of"],
    ["as-of=2024-02-30T00:00:00Z", "as-of"],
    ["as-of=2024-01-01", "as-of"],
    ["cursor=-1", "cursor"],
    ["cursor=x", "cursor"],
    ["limit=101", "limit"]
  ])("is refused by 422 for %s", async (query, parameter) => {
    const id = await add("a@acme.com")
    expect(await client.problem(`/v1/senders/${id}/events?${query}`)).toMatchObject({ status: 422, parameter })
  })
})

describe("a probe that is asked for", () => {
  it("says where its outcome is seen", async () => {
    const id = await add("a@acme.com")
    const url = `http://verify.acme.test/v1/senders/${id}/dns`
    const answer = await service.call("POST", `/v1/senders/${id}/dns/probes`)
    expect([answer.status, answer.headers.get("location"), await answer.json()]).toEqual([202, url, { dns: url }])
  })

  it("is answered again under its key although the sender is gone, and refuses another body", async () => {
    const id = await add("a@acme.com")
    const probe = (key: string, body?: string) =>
      service.call("POST", `/v1/senders/${id}/dns/probes`, body, { "idempotency-key": key })
    expect((await probe("one")).status).toBe(202)
    await remove("a@acme.com")
    expect([(await probe("one")).status, (await probe("two")).status]).toEqual([202, 404])
    const reused = await probe("one", "{}")
    expect([reused.status, await reused.json()]).toEqual([422, native.keyReused])
    expect((await probe("é")).status).toBe(400)
  })

  it("of a sender that is not there, or of another account, is 404, and writes nothing", async () => {
    const id = await add("a@acme.com")
    const events = await service.events()
    const foreign = { authorization: service.other.token }
    for (const headers of [foreign, { ...foreign, "idempotency-key": "k" }]) {
      expect((await service.call("POST", `/v1/senders/${id}/dns/probes`, undefined, headers)).status).toBe(404)
    }
    expect(await service.events()).toBe(events)
  })

  it("writes no event, however often it is asked for under a key", async () => {
    const id = await add("a@acme.com")
    const before = await service.run(
      Effect.flatMap(Senders, (senders) => senders.history({ account: service.account, id }))
    )
    for (const key of ["1", "2", "2"]) {
      await service.call("POST", `/v1/senders/${id}/dns/probes`, undefined, { "idempotency-key": key })
    }
    const after = await service.run(
      Effect.flatMap(Senders, (senders) => senders.history({ account: service.account, id }))
    )
    expect(after).toEqual(before)
  })
})
