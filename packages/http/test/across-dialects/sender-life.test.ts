/**
 * A sender that is added in one dialect, in every state of its life, in the words of the others, until it is removed
 * from all of them.
 */
import { MailRefused, Senders } from "@countersign/engine"
import { MemoryMailer } from "@countersign/memory"
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { type Service, startService, storages } from "../Service.ts"
import {
  addBy,
  bearer,
  inNative,
  inOpenTransact,
  inSendmachine,
  inSpaceInvoices,
  ownerBy,
  scopes,
  type Way
} from "./Views.ts"

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
const withdraw = async () => {
  await service.withdrawAll()
  await hours(48)
}
const refuseMail = () => {
  const refusal = new MailRefused({ permanent: true, reason: "550 no such user" })
  const often = Array.from({ length: 40 }, () => refusal)
  return service.run(Effect.flatMap(MemoryMailer, ({ refuseNext }) => refuseNext(...often)))
}

/** How the dialects show a state. */
interface Shown {
  /** `emailVerificationStatus`, `domainVerificationStatus`. */
  readonly si: readonly [string, string]
  /** `meta.status`, which is `status` in Space Invoices too. */
  readonly ot: string
  readonly sm: string
  /** The same of a whole domain, which has no mailbox. */
  readonly domain: "pending" | "active"
  /** In the native dialect: `mailbox`, `domainState`. */
  readonly native: readonly [string, string]
}

interface State extends Shown {
  readonly reach: () => Promise<unknown>
}

const pending: Shown = {
  si: ["PENDING", "PENDING"],
  ot: "pending",
  sm: "pending",
  domain: "pending",
  native: ["pending", "pending"]
}
const unconfirmed: Shown = { ...pending, si: ["FAILED", "PENDING"], native: ["expired", "pending"] }
const confirmed: Shown = {
  ...pending,
  si: ["SUCCESS", "PENDING"],
  ot: "email-verified",
  native: ["verified", "pending"]
}
const unproven: Shown = { ...confirmed, si: ["SUCCESS", "FAILED"], native: ["verified", "lost"] }
const proven: Shown = {
  si: ["PENDING", "SUCCESS"],
  ot: "domain-verified",
  sm: "pending",
  domain: "active",
  native: ["pending", "verified"]
}
const active: Shown = {
  si: ["SUCCESS", "SUCCESS"],
  ot: "active",
  sm: "active",
  domain: "active",
  native: ["verified", "verified"]
}
const degraded: Shown = { ...active, si: ["SUCCESS", "TEMPORARY_FAILURE"], native: ["verified", "degraded"] }

/** Each from adding on: what happens, one thing after another, and how it is shown then. */
const lives: ReadonlyArray<readonly [life: string, states: ReadonlyArray<State>]> = [
  ["pending", [{ ...pending, reach: () => hours(1) }]],
  [
    "confirmed, active",
    [
      { ...confirmed, reach: confirm },
      { ...active, reach: publish }
    ]
  ],
  [
    "proven, active, its records gone for two days, active again after they came back",
    [
      { ...proven, reach: publish },
      { ...active, reach: confirm },
      { ...degraded, reach: withdraw },
      { ...active, reach: publish }
    ]
  ],
  [
    "its records gone for two days, lost after a week",
    [
      {
        ...degraded,
        reach: async () => {
          await confirm()
          await publish()
          await withdraw()
        }
      },
      { ...unproven, reach: () => hours(5 * 24) }
    ]
  ],
  [
    "confirmed, and no records found for three days",
    [
      { ...confirmed, reach: confirm },
      { ...unproven, native: ["verified", "timed-out"], reach: () => hours(80) }
    ]
  ],
  [
    "not confirmed for a day, and no records found for three",
    [
      { ...unconfirmed, reach: () => hours(26) },
      { ...unconfirmed, si: ["FAILED", "FAILED"], native: ["expired", "timed-out"], reach: () => hours(54) }
    ]
  ],
  [
    "proven, and not confirmed for a day",
    [
      { ...proven, reach: publish },
      { ...proven, si: ["FAILED", "SUCCESS"], native: ["expired", "verified"], reach: () => hours(26) }
    ]
  ],
  ["declined", [{ ...unconfirmed, native: ["declined", "pending"], reach: decline }]],
  ["undeliverable", [{ ...unconfirmed, native: ["undeliverable", "pending"], reach: () => hours(1) }]]
]

describe.each(storages)("over %s", (storage) => {
  it.each(lives)(
    "%s",
    async (life, states) => {
      service = await startService({ workers: true, storage, inProcess: true })
      if (life === "undeliverable") await refuseMail()
      for (const [way, address] of added) expect([200, 201]).toContain(await addBy(service, way, address))

      let left = [...added]
      const check = async ({ si, ot, sm, domain, native }: Shown) => {
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
        const [mailbox, domainState] = native
        const isGood = ["verified", "degraded"].includes(domainState)
        expect((await inNative(service)).map(({ id: _, ...seen }) => seen)).toEqual(
          left.map(([way, email]) => ({
            email,
            kind: way === "sm domain" ? "domain" : "email",
            organization: ownerBy(way) === "account" ? null : service.organization,
            status: way === "sm domain" ? domain : ot,
            axes: [way === "sm domain" ? "not-needed" : mailbox, domainState],
            about: [
              ...(way === "sm domain" || mailbox === "verified" ? [] : ["mailbox"]),
              ...(isGood ? [] : ["domain"])
            ]
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

      for (const state of states) {
        await state.reach()
        await check(state)
      }
      const last = states.at(-1) ?? expect.unreachable()
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
        await check(last)
      }
    },
    60_000
  )
})
