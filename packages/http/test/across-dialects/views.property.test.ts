/**
 * Whatever is added, confirmed and removed, and through whichever dialect: after each step all of them show what a
 * plain list says.
 */
import fc from "fast-check"
import { expect, it } from "vitest"
import { type Service, type Storage, startService, storages } from "../Service.ts"
import {
  addBy,
  bearer,
  inNative,
  inOpenTransact,
  inSendmachine,
  inSpaceInvoices,
  ownerBy,
  scopes,
  type Way,
  ways
} from "./Views.ts"

/** What there is, in the order of adding. */
interface Known {
  readonly owner: "account" | "organization"
  readonly kind: "email" | "domain"
  /** As it was typed. */
  readonly email: string
  readonly status: "pending" | "email-verified"
}

const name = fc.constantFrom("a@acme.com", "A@Acme.com", "b@acme.com")
const arbitraryStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ step: fc.constant("add" as const), way: fc.constantFrom(...ways), name }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("confirm" as const), which: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({ step: fc.constant("remove" as const), name: fc.oneof(name, fc.constant("ACME.com")) })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constant("removeAll" as const),
      owner: fc.constantFrom("account" as const, "organization" as const)
    })
  }
)
type Step = typeof arbitraryStep extends fc.Arbitrary<infer A> ? A : never

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

/** What a dialect answers to an address that is new, and to one that the owner has already. */
const answers = { si: [200, 200], ot: [201, 409], sm: [200, 409] } as const

const perform = async (service: Service, known: ReadonlyArray<Known>, step: Step): Promise<ReadonlyArray<Known>> => {
  switch (step.step) {
    case "add": {
      const { way } = step
      const email = way === "sm domain" ? "acme.com" : step.name
      const owner = ownerBy(way)
      const has = known.some((each) => each.owner === owner && isSame(each.email, email))
      const [fresh, again] = way.startsWith("si") ? answers.si : way.startsWith("ot") ? answers.ot : answers.sm
      expect(await addBy(service, way, email)).toBe(has ? again : fresh)
      const kind = way === "sm domain" ? "domain" : "email"
      return has ? known : [...known, { owner, kind, email, status: "pending" }]
    }
    case "confirm": {
      const index = known.length === 0 ? -1 : step.which % known.length
      const { id, kind } = (await inOpenTransact(service))[index] ?? {}
      if (id === undefined || kind === "domain") return known
      await service.confirm(await service.link(id))
      return known.map((each, i) => (i === index ? { ...each, status: "email-verified" } : each))
    }
    case "remove": {
      const left = known.filter(({ email }) => !isSame(email, step.name))
      const answer = await service.call("DELETE", `/sender/${step.name}`, undefined, bearer(service))
      expect(answer.status).toBe(left.length < known.length ? 200 : 404)
      return left
    }
    case "removeAll": {
      const left = known.filter(({ owner, kind }) => owner !== step.owner || kind === "domain")
      const answer = await service.call("DELETE", scopes(service)[step.owner])
      expect([answer.status, await answer.json()]).toEqual([200, { count: known.length - left.length }])
      return left
    }
  }
}

const compare = async (service: Service, known: ReadonlyArray<Known>) => {
  const listed = await inOpenTransact(service)
  expect(listed.map(({ email, kind, status, owner }) => [email, kind, status, owner?.type])).toEqual(
    known.map(({ email, kind, status, owner }) => [
      email,
      kind,
      status,
      owner === "account" ? "applications" : "profiles"
    ])
  )
  expect((await inSendmachine(service)).map(({ email, type, status }) => [email, type, status])).toEqual(
    known.map(({ email, kind }) => [email, kind, "pending"])
  )
  expect(
    (await inNative(service)).map(({ email, kind, status, organization }) => [email, kind, status, organization])
  ).toEqual(
    known.map(({ email, kind, status, owner }) => [
      email,
      kind,
      status,
      owner === "account" ? null : service.organization
    ])
  )
  for (const scope of ["account", "organization"] as const) {
    const newest = known.findLast(({ owner, kind }) => owner === scope && kind === "email")
    const word = newest?.status === "email-verified" ? "SUCCESS" : "PENDING"
    expect(await inSpaceInvoices(service, scope)).toEqual(
      newest && {
        id: listed[known.indexOf(newest)]?.id,
        email: newest.email,
        status: newest.status,
        words: [word, "PENDING"]
      }
    )
  }
}

const walk = async (storage: Storage, steps: ReadonlyArray<Step>) => {
  const service = await startService({ storage, inProcess: true })
  try {
    let known: ReadonlyArray<Known> = []
    for (const step of steps) {
      known = await perform(service, known, step)
      await compare(service, known)
    }
  } finally {
    await service.stop()
  }
}

/** Each way once, each removal once. */
const everyStep: ReadonlyArray<Step> = [
  ...ways.map((way: Way) => ({ step: "add", way, name: "a@acme.com" }) as const),
  { step: "confirm", which: 1 },
  { step: "removeAll", owner: "account" },
  { step: "add", way: "sm", name: "A@Acme.com" },
  { step: "remove", name: "a@acme.com" },
  { step: "remove", name: "ACME.com" },
  { step: "remove", name: "b@acme.com" }
]

it.each(storages)(
  "all dialects show the same senders, over %s",
  async (storage) => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryStep, { maxLength: 12 }), (steps) => walk(storage, steps)),
      { numRuns: storage === "memory" ? 20 : 6, examples: [[[...everyStep]]] }
    )
  },
  120_000
)
