/**
 * Accounts that have something, for the tests of their isolation: what they add, how it is aimed at, and everything
 * that is known of them.
 */
import { AccountAdmin, EventStore, Senders, type StoredEvent, TaskQueue, type TaskRecord } from "@countersign/engine"
import { MemoryMailer } from "@countersign/memory"
import { Effect, Redacted } from "effect"
import { expect } from "vitest"
import { makeCursors } from "../../src/dialects/native/Cursor.ts"
import { linkKeys, type Service } from "../Service.ts"
import type { Target } from "./Attacks.ts"

/** An account with an organization and a key. */
export type Party = Pick<Service, "account" | "organization" | "token" | "key">

/** By whom, and through which dialect, a sender is added. */
export type Place = "account" | "organization" | "profile" | "domain"

export interface Wish {
  readonly place: Place
  readonly confirmed?: boolean
  readonly removed?: boolean
}

export interface Settled {
  readonly sender: string
  readonly address: string
}

const bearer = ({ token }: Pick<Party, "token">) => ({ authorization: `Bearer ${token}` })

/** Adds an address under an idempotency key that names it. */
export const add = (service: Service, party: Party, place: Place, address: string): Promise<Response> => {
  const { organization } = party
  const headers = { ...bearer(party), "idempotency-key": `first ${address}` }
  switch (place) {
    case "account":
      return service.call("POST", "/v1/email-address", { email: address }, headers)
    case "organization":
      return service.call("POST", `/v1/organizations/${organization}/email-address`, { email: address }, headers)
    case "profile": {
      const owner = { data: { type: "profiles", id: organization } }
      const attributes = { email: address, metadata: { tag: `tag of ${address}` } }
      const body = { data: { type: "email-addresses", attributes, relationships: { owner } } }
      return service.call("POST", "/v1/email-addresses", body, {
        ...headers,
        "content-type": "application/vnd.api+json"
      })
    }
    case "domain":
      return service.call("POST", "/sender/list", { type: "domain", address }, headers)
  }
}

const listed = (service: Service, account: string) =>
  service.run(
    Effect.flatMap(Senders, (senders) => senders.list({ account, order: "newest-first", offset: 0, limit: 1_000 }))
  )

/** Adds a sender, and brings it to where it shall be. */
export const settle = async (service: Service, party: Party, wish: Wish, address: string): Promise<Settled> => {
  const { place, confirmed = false, removed = false } = wish
  await add(service, party, place, address)
  const found = (await listed(service, party.account)).find((each) => each.address === address)
  const { id: sender } = found ?? expect.unreachable(`${address} was not added`)
  if (confirmed && place !== "domain") await service.confirm(await service.link(sender, party.account))
  if (removed) await service.call("DELETE", `/sender/${address}`, undefined, bearer(party))
  return { sender, address }
}

/** What an attacker can name of a party and one of its senders. */
export const targetOf = async (service: Service, party: Party, { sender, address }: Settled): Promise<Target> => {
  const { account, organization, key } = party
  const isDomain = !address.includes("@")
  const link = isDomain ? "" : await service.link(sender, account)
  const verification = Buffer.from(link, "base64url").toString("hex", 21, 37)
  const revoked = await service.run(
    Effect.gen(function* () {
      const admin = yield* AccountAdmin
      const made = yield* admin.createKey(account)
      yield* admin.revokeKey(made.key.id)
      return Redacted.value(made.secret)
    })
  )
  return {
    account,
    organization,
    sender,
    verification: isDomain ? sender : verification.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    email: isDomain ? `n0@${address}` : address,
    domain: address.replace(/.*@/, ""),
    tag: `tag of ${address}`,
    idempotencyKey: `first ${address}`,
    cursor: makeCursors(linkKeys).write(account, 2),
    revoked,
    keyId: key
  }
}

/** Every name that the service gave to a party and to what it has: none of them is for others. */
export const namesOf = async (service: Service, party: Party): Promise<ReadonlyArray<string>> => {
  const { account, organization, token, key } = party
  const senders = await listed(service, account)
  return [account, organization, token, key, ...senders.flatMap(({ id: sender, plan }) => [sender, ...plan.tokens])]
}

interface Records {
  readonly events: ReadonlyArray<StoredEvent>
  readonly tasks: ReadonlyArray<TaskRecord>
}

const records = (service: Service): Promise<Records> =>
  service.run(
    Effect.gen(function* () {
      const store = yield* EventStore
      const events: Array<StoredEvent> = []
      for (let more = true; more; ) {
        const page = yield* store.readLog(events.length, 1_000)
        events.push(...page.events)
        more = page.events.length === 1_000
      }
      const tasks: Array<TaskRecord> = []
      for (let more = true; more; ) {
        const after = tasks.at(-1)?.id
        const page = yield* (yield* TaskQueue).list({ limit: 500, ...(after === undefined ? {} : { after }) })
        tasks.push(...page)
        more = page.length === 500
      }
      return { events, tasks }
    })
  )

/** Whether a record is of the party: it names the account, or a stream that the account began. */
const isOf = ({ events }: Records, { account }: Party) => {
  const streams = events.filter(({ data }) => data.includes(account)).map(({ stream }) => stream)
  const known = [...new Set([account, ...streams])]
  return (record: StoredEvent | TaskRecord) => {
    const text = JSON.stringify(record)
    return known.some((name) => text.includes(name))
  }
}

/** All that there is but what is of the stranger: events, tasks, mails, and the lists and keys of the party. */
export const stateBeside = async (service: Service, party: Party, stranger: Party): Promise<string> => {
  const found = await records(service)
  const isTheirs = isOf(found, stranger)
  const { account } = party
  const own = await service.run(
    Effect.gen(function* () {
      const admin = yield* AccountAdmin
      const { accepted } = yield* MemoryMailer
      return [yield* admin.listKeys(account), yield* admin.listOrganizations(account), yield* accepted]
    })
  )
  const others = {
    events: found.events.filter((event) => !isTheirs(event)),
    tasks: found.tasks.filter((task) => !isTheirs(task))
  }
  return JSON.stringify([others, own, await listed(service, account)], null, 1)
}

/** What is of a party, without names: how many events and tasks of each kind. */
export const traceOf = async (service: Service, party: Party): Promise<ReadonlyArray<string>> => {
  const found = await records(service)
  const isOwn = isOf(found, party)
  return [
    ...found.events.filter(isOwn).map(({ type }) => type),
    ...found.tasks.filter(isOwn).map(({ kind }) => kind)
  ].sort()
}
