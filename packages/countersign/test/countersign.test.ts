import { AddressRefused, Senders } from "@countersign/engine"
import { createCountersign, isSenderFailure, makeCountersign } from "countersign"
import { SpaceInvoices } from "countersign/dialects"
import { memory } from "countersign/memory"
import { smtp } from "countersign/smtp"
import { makeTestCountersign, type TestCountersign } from "countersign/testing"
import { Effect, Layer } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { serving } from "./Serving.ts"

const account = "acme"
const address = "billing@acme.com"
const acme = { id: account, name: "Acme Ltd", email: "owner@acme.com" }

let countersign: TestCountersign
beforeEach(async () => {
  countersign = await makeTestCountersign({
    accounts: {
      account: async (id) => (id === account ? acme : undefined),
      authenticate: async (secret) => (secret === "key of acme" ? { account: acme, key: "1" } : undefined)
    }
  })
})
afterEach(() => countersign.close())

const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => (isSenderFailure(error) ? error : expect.unreachable(`not ours: ${String(error)}`))
  )

/** The token of the last mail's link. */
const token = async () => (await countersign.mails()).at(-1)?.link?.split("/").at(-1) ?? "no mail"

const activate = async () => {
  const { sender } = await countersign.senders.add({ account, address })
  await countersign.advance("1 second")
  await countersign.senders.confirm({ token: await token() })
  await countersign.dns.publish(sender)
  await countersign.advance("1 minute")
  return sender
}

describe("the use cases as plain async functions", () => {
  it("answer plain values, and undefined for what is not there", async () => {
    const { senders } = countersign
    const { created, sender } = await senders.add({ account, address })
    const { id } = sender
    expect([created, sender.status]).toEqual([true, "pending"])
    expect(await senders.current({ account })).toEqual(sender)
    expect(await senders.effective({ account })).toBeUndefined()
    const { blockers } = await senders.status({ account, id })
    expect(blockers.map(({ code }) => code)).toEqual(["mailbox-unconfirmed", "domain-unverified"])
    expect(await senders.count({ account })).toBe(1)
    expect(await senders.list({ account, order: "oldest-first", offset: 0, limit: 10 })).toEqual([sender])
    const history = await senders.history({ account, id })
    expect(history.map(({ event, actor }) => [event._tag, actor])).toEqual([
      ["SenderAdded", "host"],
      ["VerificationRequested", "host"]
    ])
    expect(await senders.get({ account, id })).toEqual(sender)
    await senders.probe({ account, id })
    expect(await senders.remove({ account, id })).toEqual({ count: 1 })
    expect(await senders.removeAll({ account })).toEqual({ count: 0 })
    expect(await senders.removeAddress({ account, address })).toEqual({ count: 0 })
  })

  it("reject with the engine's own errors", async () => {
    const { senders } = countersign
    const refused = await failed(senders.add({ account, address: "nothing" }))
    expect(refused).toBeInstanceOf(AddressRefused)
    expect(refused).toMatchObject({ _tag: "AddressRefused", code: "at-sign-missing" })
    expect(await failed(senders.current({ account }))).toMatchObject({ _tag: "SenderNotFound" })
    for (const method of ["readLink", "confirm", "decline"] as const) {
      expect(await failed(senders[method]({ token: "x" }))).toMatchObject({ _tag: "LinkRefused", reason: "unknown" })
    }
    const { sender } = await senders.add({ account, address })
    const soon = await failed(senders.resend({ account, id: sender.id }))
    expect(soon._tag === "TooSoon" && soon.retryAfter > 50_000).toBe(true)
    expect(isSenderFailure(new Error("another"))).toBe(false)
  })
})

describe("what is mounted is what is named", () => {
  it("the page answers links, and nothing else", async () => {
    await countersign.senders.add({ account, address })
    await countersign.advance("1 second")
    const path = `/verify/${await token()}`
    await serving(countersign.page, async (url) => {
      const page = await fetch(url + path)
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Acme Ltd")])
      for (const other of ["/metrics", "/docs", "/openapi.json", "/health", "/v1/email-address"]) {
        expect([other, (await fetch(url + other)).status]).toEqual([other, 404])
      }
    })
    expect((await countersign.page.fetch(new Request(`https://acme.example${path}`))).status).toBe(200)
  })

  it("the API answers in the dialects that are named", async () => {
    const headers = { authorization: "key of acme", "content-type": "application/json" }
    await serving(countersign.api(SpaceInvoices), async (url) => {
      const add = await fetch(`${url}/v1/email-address`, {
        method: "POST",
        headers,
        body: JSON.stringify({ email: address })
      })
      expect([add.status, await add.json()]).toEqual([200, expect.objectContaining({ email: address })])
      for (const other of ["/metrics", "/docs", "/v1/email-addresses", "/sender/list", "/verify/x"]) {
        expect([other, (await fetch(url + other, { headers })).status]).toEqual([other, 404])
      }
    })
    expect(await countersign.senders.count({ account })).toBe(1)
  })
})

describe("changes reach the host", () => {
  it("a listener is told every change of a status, in order, until it is ended", async () => {
    const told: Array<string> = []
    const end = countersign.onChange(({ sender, before, after, actor }) => {
      told.push(`${sender.address}: ${before} -> ${after} by ${actor}`)
    })
    const { id } = await activate()
    await countersign.senders.remove({ account, id })
    await countersign.advance("1 second")
    expect(told).toEqual([
      `${address}: undefined -> pending by host`,
      `${address}: pending -> email-verified by mailbox`,
      `${address}: email-verified -> active by worker`,
      `${address}: active -> removed by host`
    ])
    end()
    await countersign.senders.add({ account, address })
    await countersign.advance("1 second")
    expect(told).toHaveLength(4)
  })

  it("a listener that throws keeps neither itself nor others from what follows", async () => {
    const told: Array<string> = []
    countersign.onChange(() => {
      throw new Error("a listener's own")
    })
    countersign.onChange(async ({ after }) => {
      told.push(after)
      throw new Error("a listener's own, later")
    })
    await activate()
    expect(told).toEqual(["pending", "email-verified", "active"])
  })

  it("the events are an iterator that goes on after a position, and waits for what is to come", async () => {
    await countersign.senders.add({ account, address })
    const first = countersign.events()[Symbol.asyncIterator]()
    const { value: added } = await first.next()
    expect(added).toMatchObject({ position: 1, event: { _tag: "SenderAdded" }, statusAfter: "pending", actor: "host" })
    const rest = countersign.events({ after: 2 })[Symbol.asyncIterator]()
    const sent = rest.next()
    await countersign.advance("1 second")
    expect((await sent).value).toMatchObject({ position: 3, event: { _tag: "VerificationMailSent" }, actor: "worker" })
    await first.return?.()
    await rest.return?.()
  })
})

describe("the life of it", () => {
  it("ends an iterator of events that waits for the next", async () => {
    const own = await makeTestCountersign()
    await own.senders.add({ account, address })
    const read: Array<number> = []
    const reading = (async () => {
      for await (const { position } of own.events()) read.push(position)
    })()
    await own.advance("1 second")
    await own.close()
    await reading
    expect(read).toEqual([1, 2, 3, 4])
  })

  const good = {
    publicUrl: "https://app.example.com/mail",
    secret: "a secret of the tests of 32 characters",
    dkimZone: "dkim.example.com",
    storage: memory(),
    mail: smtp("smtp://127.0.0.1:25", "App <verify@example.com>")
  }

  it.each([
    [{ publicUrl: "app.example.com" }, "publicUrl must be an http or https URL"],
    [{ secret: "short" }, "secret must have at least 32 characters"],
    [{ secret: undefined }, "secret must have at least 32 characters"],
    [{ dkimZone: "not a zone!" }, "dkimZone must be a domain name"],
    [{ mail: smtp("http://127.0.0.1", "verify@example.com") }, "SMTP"],
    [{ dns: { servers: ["not a server"] } }, "not a server"]
  ])("begins only with options that hold: %j", async (wrong, sentence) => {
    await expect(createCountersign({ ...good, ...wrong })).rejects.toThrow(sentence)
  })

  // Next writes where an error happened into its message.
  it("rejects with errors whose message a framework may write", async () => {
    const wrong = createCountersign({ ...good, secret: "short" }).catch((error: unknown) => error)
    for (const error of [await wrong, await failed(countersign.senders.add({ account, address: "nothing" }))]) {
      if (!(error instanceof Error)) expect.unreachable("no error")
      const { message } = error
      error.message = `${message} in a route`
      expect(error.message).toMatch(/.{20} in a route$/)
    }
  })

  it("takes a mail function of the host's own, and what it calls permanent for good", async () => {
    const to: Array<string> = []
    const own = await createCountersign({
      ...good,
      mail: async (message) => {
        to.push(message.to)
        throw Object.assign(new Error("there is no such mailbox"), { permanent: true })
      }
    })
    const { sender } = await own.senders.add({ account, address })
    for await (const { event } of own.events()) {
      if (event._tag === "VerificationMailFailed") break
    }
    expect([to, (await own.senders.get({ account, id: sender.id })).mailbox]).toEqual([[address], "undeliverable"])
    await own.close()
  })

  it("lets go of what was built when a part of it fails", async () => {
    let open = 0
    const resource = Layer.effectDiscard(
      Effect.acquireRelease(
        Effect.sync(() => open++),
        () => Effect.sync(() => open--)
      )
    )
    const broken = Layer.provideMerge(
      Layer.effect(Senders, Effect.fail(new Error("the file is not a database"))),
      resource
    ) as Layer.Layer<never, Error> // What is missing is not reached.
    await expect(makeCountersign(broken as never)).rejects.toThrow("the file is not a database")
    expect(open).toBe(0)
  })
})
