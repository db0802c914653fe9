/**
 * The isolation of accounts where time passes and several things happen at once: what proves something for one account
 * proves nothing for another.
 */
import { Senders } from "@countersign/engine"
import { Effect } from "effect"
import { afterEach, expect, it } from "vitest"
import { emailAddressIn, type Service, startService } from "../Service.ts"
import { type Place, settle } from "./Parties.ts"

let service: Service
afterEach(() => service.stop())

const as = ({ token }: { readonly token: string }) => ({ authorization: `Bearer ${token}` })
const current = async (of: { readonly token: string }) =>
  emailAddressIn(await service.call("GET", "/v1/email-address", undefined, as(of)))

it("a domain and an address that are proven for one account are not for another", async () => {
  service = await startService({ workers: true })
  const place: Place = "account"
  const address = "billing@shared.com"
  await settle(service, service, { place, confirmed: true }, address)
  await settle(service, service, { place: "domain" }, "shared.com")
  await service.publishAll()
  await service.work("1 hour")
  const theirs = await current(service)
  expect(theirs.status).toBe("active")

  const { sender } = await settle(service, service.other, { place }, address)
  await settle(service, service.other, { place: "domain" }, "shared.com")
  await service.work("1 hour")
  const mine = await current(service.other)
  expect([mine.status, mine.emailVerificationStatus, mine.domainVerificationStatus]).toEqual([
    "pending",
    "PENDING",
    "PENDING"
  ])
  expect(mine.tokens.filter((token) => theirs.tokens.includes(token))).toEqual([])
  const listed = await service.call("GET", "/sender/list?type=domain", undefined, as(service.other))
  expect(await listed.json()).toMatchObject({ senderlist: [{ email: "shared.com", status: "pending" }] })

  // Nor does what another account loses take anything away.
  await service.confirm(await service.link(sender, service.other.account))
  for (const name of [address, "shared.com"])
    await service.call("DELETE", `/sender/${name}`, undefined, as(service.other))
  await service.work("1 day")
  expect(await current(service)).toEqual(theirs)
})

it("what one account does to an address, mails nothing for another, whose link stays good", async () => {
  service = await startService({ workers: true })
  const place: Place = "account"
  const address = "owner@victim.com"
  const { sender } = await settle(service, service, { place }, address)
  await service.work("1 second")
  const link = await service.link(sender)
  const before = await service.mails()

  await settle(service, service.other, { place }, address)
  await service.work("1 minute")
  await service.call("POST", "/v1/email-address/resend-verification", {}, as(service.other))
  await service.work("1 minute")
  await service.call("DELETE", "/v1/email-address", undefined, as(service.other))
  await service.work("1 minute")
  const since = (await service.mails()).slice(before.length)
  expect(since.length).toBeGreaterThan(0)
  for (const { text } of since) expect([text.includes("Another Ltd"), text.includes("Acme Ltd")]).toEqual([true, false])
  expect((await service.confirm(link)).state).toBe("verified")
})

it("the same Idempotency-Key of two accounts is two keys, also while both are in flight", async () => {
  service = await startService()
  const parties = [service, service.other] as const
  const add = ({ account }: { readonly account: string }, i: number) =>
    Effect.flatMap(Senders, (senders) =>
      senders.add({
        account,
        actor: "test",
        correlation: "test",
        idempotency: { key: `key ${i}`, fingerprint: account },
        owner: { _tag: "Account" },
        address: `a${i}@${account}.com`
      })
    )
  // Fibers that begin together are all in flight before the first is done; requests over sockets need not be.
  const both = Array.from({ length: 20 }, (_, i) => parties.map((party) => add(party, i))).flat()
  const added = await service.run(Effect.all(both, { concurrency: "unbounded" }))
  expect(added.map(({ sender }) => sender.account)).toEqual(both.map((_, i) => parties[i % 2]?.account))

  const post = (of: { readonly token: string }, email: string) =>
    service.call("POST", "/v1/email-address", { email }, { ...as(of), "idempotency-key": "the same" })
  for (const [of, email, status] of [
    [service, "one@acme.com", 200],
    [service.other, "two@another.com", 200],
    [service, "two@another.com", 422],
    [service.other, "one@acme.com", 422]
  ] as const) {
    expect([email, (await post(of, email)).status]).toEqual([email, status])
  }
  expect((await emailAddressIn(await post(service.other, "two@another.com"))).email).toBe("two@another.com")
})
