/**
 * A sender that is added in one dialect, in every state of its life, in the words of the other two, until it is removed from all of them.
 */
import { MailRefused, Senders } from "@countersign/engine"
import { MemoryMailer } from "@countersign/memory"
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { type Service, startService, storages } from "../Service.ts"
import { addBy, bearer, inOpenTransact, inSendmachine, inSpaceInvoices, ownerBy, scopes, type Way } from "./Views.ts"

let service: Service
afterEach(() => service.stop())

/** In the order of adding. Each has a domain of its own. */
const added: ReadonlyArray<readonly [way: Way, address: string]> = [
  ["ot account", "First@one.com"],
  ["si account", "second@two.com"],
  ["ot organization", "third@three.com"],
  ["sm domain", "Whole.com"],
  ["si organization", "fourth@four.com"],
  ["sm", "fifth@five.com"]
]

const hours = async (count: number) => {
  for (let left = count; left > 0; left -= 6) await service.work(`${Math.min(left, 6)} hours`)
}
const links = async () => {
  const emails = (await inOpenTransact(service)).filter(({ kind }) => kind === "email")
  return Promise.all(emails.map(({ id }) => service.link(id)))
}
const confirm = async () => {
  for (const link of await links()) await service.confirm(link)
}
const decline = async () => {
  for (const link of await links())
    await service.run(Effect.flatMap(Senders, (senders) => senders.decline({ token: link })))
}
const publish = async () => {
  await service.publishAll()
  await hours(7)
}
const activate = async () => {
  await confirm()
  await publish()
}
const withdraw = async (forHours: number) => {
  await activate()
  await service.withdrawAll()
  await hours(forHours)
}

interface State {
  readonly state: string
  readonly before?: () => Promise<unknown>
  readonly reach: () => Promise<unknown>
  /** `emailVerificationStatus`, `domainVerificationStatus`. */
  readonly si: readonly [string, string]
  /** `meta.status`, which is `status` in Space Invoices too. */
  readonly ot: string
  readonly sm: string
  /** The same of a whole domain, which has no mailbox. */
  readonly domain: "pending" | "active"
}

const states: ReadonlyArray<State> = [
  {
    state: "pending",
    reach: () => hours(1),
    si: ["PENDING", "PENDING"],
    ot: "pending",
    sm: "pending",
    domain: "pending"
  },
  {
    state: "email-verified",
    reach: confirm,
    si: ["SUCCESS", "PENDING"],
    ot: "email-verified",
    sm: "pending",
    domain: "pending"
  },
  {
    state: "domain-verified",
    reach: publish,
    si: ["PENDING", "SUCCESS"],
    ot: "domain-verified",
    sm: "pending",
    domain: "active"
  },
  { state: "active", reach: activate, si: ["SUCCESS", "SUCCESS"], ot: "active", sm: "active", domain: "active" },
  {
    state: "active, its records gone for a day or two",
    reach: () => withdraw(48),
    si: ["SUCCESS", "TEMPORARY_FAILURE"],
    ot: "active",
    sm: "active",
    domain: "active"
  },
  {
    state: "active again after its records came back",
    reach: async () => {
      await withdraw(48)
      await publish()
    },
    si: ["SUCCESS", "SUCCESS"],
    ot: "active",
    sm: "active",
    domain: "active"
  },
  {
    state: "lost, its records gone for a week",
    reach: () => withdraw(7 * 24),
    si: ["SUCCESS", "FAILED"],
    ot: "email-verified",
    sm: "pending",
    domain: "pending"
  },
  {
    state: "confirmed, and no records found for three days",
    reach: async () => {
      await confirm()
      await hours(80)
    },
    si: ["SUCCESS", "FAILED"],
    ot: "email-verified",
    sm: "pending",
    domain: "pending"
  },
  {
    state: "not confirmed for a day",
    reach: () => hours(26),
    si: ["FAILED", "PENDING"],
    ot: "pending",
    sm: "pending",
    domain: "pending"
  },
  {
    state: "not confirmed for a day, its domain verified",
    reach: async () => {
      await publish()
      await hours(26)
    },
    si: ["FAILED", "SUCCESS"],
    ot: "domain-verified",
    sm: "pending",
    domain: "active"
  },
  {
    state: "neither for three days",
    reach: () => hours(80),
    si: ["FAILED", "FAILED"],
    ot: "pending",
    sm: "pending",
    domain: "pending"
  },
  { state: "declined", reach: decline, si: ["FAILED", "PENDING"], ot: "pending", sm: "pending", domain: "pending" },
  {
    state: "undeliverable",
    before: () => {
      const refusal = new MailRefused({ permanent: true, reason: "550 no such user" })
      const often = Array.from({ length: 40 }, () => refusal)
      return service.run(Effect.flatMap(MemoryMailer, ({ refuseNext }) => refuseNext(...often)))
    },
    reach: () => hours(1),
    si: ["FAILED", "PENDING"],
    ot: "pending",
    sm: "pending",
    domain: "pending"
  }
]

describe.each(storages)("over %s", (storage) => {
  it.each(states)(
    "$state",
    async ({ before, reach, si, ot, sm, domain }) => {
      service = await startService({ workers: true, storage })
      await before?.()
      for (const [way, address] of added) expect([200, 201]).toContain(await addBy(service, way, address))
      await reach()

      let left = [...added]
      const check = async () => {
        const profile = { type: "profiles", id: service.organization }
        const application = { type: "applications", id: service.account }
        const ids = await inOpenTransact(service)
        expect(ids.map(({ id: _, ...seen }) => seen)).toEqual(
          left.map(([way, email]) => ({
            email,
            owner: ownerBy(way) === "account" ? application : profile,
            status: way === "sm domain" ? domain : ot,
            kind: way === "sm domain" ? "domain" : "email"
          }))
        )
        expect(await inSendmachine(service)).toEqual(
          left.map(([way, email]) => ({
            email,
            type: way === "sm domain" ? "domain" : "email",
            status: way === "sm domain" ? domain : sm,
            emailtype: "both",
            label: ""
          }))
        )
        for (const owner of ["account", "organization"] as const) {
          const [, email] = left.findLast(([way]) => way !== "sm domain" && ownerBy(way) === owner) ?? []
          const id = ids.find((each) => each.email === email)?.id
          expect(await inSpaceInvoices(service, owner)).toEqual(
            email === undefined ? undefined : { id, email, status: ot, words: si }
          )
        }
      }

      await check()
      const removeSm = (address: string) => service.call("DELETE", `/sender/${address}`, undefined, bearer(service))
      const removeSi = (owner: "account" | "organization") => service.call("DELETE", scopes(service)[owner])
      for (const [removed, remove] of [
        ["fifth@five.com", () => removeSm("fifth@five.com")],
        ["fourth@four.com", () => removeSm("Fourth@Four.com")],
        ["third@three.com", () => removeSi("organization")],
        ["second@two.com", () => removeSm("second%40two.com")],
        ["First@one.com", () => removeSi("account")],
        ["Whole.com", () => removeSm("whole.com")]
      ] as const) {
        expect((await remove()).status).toBe(200)
        left = left.filter(([, address]) => address !== removed)
        await check()
      }
    },
    60_000
  )
})
