/**
 * `Idempotency-Key` in every dialect: a call that is sent again is answered as the first one was, and does nothing.
 */
import { CommandInFlight } from "@countersign/engine"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService } from "../Service.ts"
import { eachDialect } from "./EachDialect.ts"

const key = (text: string) => ({ "idempotency-key": text })

describe.each(eachDialect)("$name", (dialect) => {
  const { add, addElsewhere, remove, added, duplicate } = dialect
  let service: Service
  beforeAll(async () => {
    service = await startService()
  })
  afterAll(() => service.stop())
  const removeAll = () => service.call("DELETE", "/v1/email-address")

  it("answers the first outcome again, of success and of refusal, although the address is gone", async () => {
    const first = await add(service, "once@acme.com", key("one"))
    expect(first.status).toBe(added)
    expect((await add(service, "once@acme.com", key("two"))).status).toBe(duplicate)
    await removeAll()
    const events = await service.events()
    const again = await add(service, "once@acme.com", key("one"))
    expect([again.status, again.headers.get("location")]).toEqual([added, first.headers.get("location")])
    expect(await again.json()).toEqual(await first.json())
    expect((await add(service, "once@acme.com", key("two"))).status).toBe(duplicate)
    expect(await service.events()).toBe(events)
    expect((await service.call("GET", "/v1/email-address")).status).toBe(404)
  })

  it("refuses another body under the key, and changes nothing", async () => {
    const events = await service.events()
    const other = await add(service, "other@acme.com", key("one"))
    expect([other.status, await other.json()]).toEqual([422, dialect.keyReused])
    expect(await service.events()).toBe(events)
  })

  if (addElsewhere !== undefined) {
    it("counts a key for each path", async () => {
      expect((await addElsewhere(service, "elsewhere@acme.com", key("one"))).status).toBe(added)
    })
  }

  if (remove !== undefined) {
    it("answers the first outcome of a removal, and removes nothing more", async () => {
      await add(service, "gone@acme.com")
      const first = await remove(service, "gone@acme.com", key("one"))
      expect(first.status).toBe(200)
      await add(service, "gone@acme.com")
      const again = await remove(service, "gone@acme.com", key("one"))
      expect([again.status, await again.json()]).toEqual([200, await first.json()])
      expect((await service.call("GET", "/v1/email-address")).status).toBe(200)
      await removeAll()
    })
  }

  it.each(["", " ", "é", "x".repeat(256)])("refuses %j as a key", async (text) => {
    expect((await add(service, "a@acme.com", key(text))).status).toBe(400)
  })

  it("answers 409 while the first is in flight, with the time to come back", async () => {
    const busy = await startService({ disturb: () => ({ senders: { add: () => Effect.fail(new CommandInFlight()) } }) })
    const answer = await add(busy, "a@acme.com", key("one"))
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"])
    expect(await answer.json()).toEqual(dialect.keyInFlight)
    await busy.stop()
  })

  it("does a call once when many come at once", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => add(service, "many@acme.com", key("many"))))
    const statuses = all.map(({ status }) => status)
    expect(new Set([...statuses, added, 409])).toEqual(new Set([added, 409]))
    expect(statuses).toContain(added)
    await removeAll()
  })
})

it("a key of one dialect is none of another's", async () => {
  const service = await startService()
  const statuses: Array<number> = []
  for (const { name, add } of eachDialect) {
    statuses.push((await add(service, `${name.replace(" ", "")}@acme.com`, key("the same"))).status)
  }
  expect(statuses).toEqual(eachDialect.map(({ added }) => added))
  await service.stop()
})
