/**
 * The isolation of accounts. In each run there is a victim with an attacker beside it, and elsewhere, where the victim
 * never was, another attacker with the same things, who does the same. Both must be answered alike, and nothing of the
 * victim's may change.
 */
import { CountersignApi } from "@countersign/http/api"
import { OpenApi } from "effect/http-api"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Service, type Storage, startService, storages } from "../Service.ts"
import { makeAttack } from "./AttackAnswer.ts"
import { attacks, credentials, type World } from "./Attacks.ts"
import { add, namesOf, type Settled, settle, stateBeside, targetOf, traceOf } from "./Parties.ts"

/** Every operation of the definition, and PATCH, which is answered and not described. */
const operations = [
  ...Object.entries(OpenApi.fromApi(CountersignApi).paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  ),
  "PATCH /v1/email-addresses/{id}"
]

const arbitrarySender = fc.record({
  place: fc.constantFrom("account", "organization", "profile", "domain"),
  name: fc.nat(2),
  domain: fc.nat(1),
  confirmed: fc.boolean(),
  removed: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
})
type Sender = typeof arbitrarySender extends fc.Arbitrary<infer A> ? A : never
/** An organization is a profile: each owner has each address once. */
const selector = ({ place, name, domain }: Sender) =>
  place === "domain" ? `d${domain}` : `${place === "account"} n${name} d${domain}`

const arbitraryAttack = fc.record({
  attack: fc.constantFrom(
    ...Object.entries(attacks).flatMap(([operation, all]) => all.map((_, index) => ({ operation, index })))
  ),
  credential: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.nat(credentials.length - 1) }
  ),
  idempotent: fc.boolean(),
  head: fc.boolean()
})

const arbitraryRun = fc.record({
  victim: fc.uniqueArray(arbitrarySender, { minLength: 1, maxLength: 5, selector }),
  aim: fc.nat(4),
  own: fc.uniqueArray(arbitrarySender, { maxLength: 3, selector }),
  /** Whether the attackers have the address that they aim at, too. */
  shares: fc.boolean(),
  attacks: fc.array(arbitraryAttack, { minLength: 8, maxLength: 24 })
})
type Run = typeof arbitraryRun extends fc.Arbitrary<infer A> ? A : never

/** Each attack once, with the attacker's own key. */
const everything: Run = {
  victim: [
    { place: "profile", name: 0, domain: 0, confirmed: true, removed: false },
    { place: "account", name: 0, domain: 0, confirmed: false, removed: false },
    { place: "domain", name: 0, domain: 0, confirmed: false, removed: false }
  ],
  aim: 0,
  own: [{ place: "organization", name: 0, domain: 0, confirmed: false, removed: false }],
  shares: false,
  attacks: Object.entries(attacks).flatMap(([operation, all]) =>
    all.map((_, index) => ({ attack: { operation, index }, credential: 0, idempotent: false, head: false }))
  )
}

const attack = async (storage: Storage, run: Run) => {
  const start = () => startService({ storage, inProcess: true })
  const [near, far] = await Promise.all([start(), start()])
  try {
    await attackBoth(near, far, run)
  } finally {
    await near.stop()
    await far.stop()
  }
}

/** The victim is in the first service, an attacker in each. */
const attackBoth = async (near: Service, far: Service, { victim, aim, own, shares, attacks: attempts }: Run) => {
  const victims: Array<Settled> = []
  for (const sender of victim) victims.push(await settle(near, near, sender, addressOf(sender, "theirs")))
  const target = await targetOf(near, near, victims[aim % victims.length] ?? expect.unreachable())
  const worldOf = async (service: Service): Promise<World> => {
    const { sender } = await settle(service, service.other, { place: "account" }, "link@own.com")
    for (const each of own) await settle(service, service.other, each, addressOf(each, "own"))
    if (shares) await settle(service, service.other, { place: "account" }, target.email)
    await service.pass("2 minutes")
    return { own: { ...service.other, link: await service.link(sender, service.other.account) }, target }
  }
  const worlds = [await worldOf(near), await worldOf(far)] as const

  const secrets = await namesOf(near, near)
  const before = await stateBeside(near, near, near.other)
  for (const attempt of attempts) {
    const foreign = await makeAttack(near, worlds[0], attempt)
    const absent = await makeAttack(far, worlds[1], attempt)
    expect({ ...attempt.attack, ...foreign.normal }).toEqual({ ...attempt.attack, ...absent.normal })
    expect(secrets.filter((secret) => foreign.text.includes(secret) && !foreign.sent.includes(secret))).toEqual([])
  }
  expect(await stateBeside(near, near, near.other)).toEqual(before)
  expect(await traceOf(near, near.other)).toEqual(await traceOf(far, far.other))
  // The victim's receipt is the victim's still: the same call again answers the first outcome, and writes nothing.
  const [first = expect.unreachable()] = victim
  const again = await add(near, near, first.place, addressOf(first, "theirs"))
  expect([200, 201]).toContain(again.status)
  expect(await stateBeside(near, near, near.other)).toEqual(before)
}

const addressOf = ({ place, name, domain }: Pick<Sender, "place" | "name" | "domain">, whose: string) =>
  `${place === "domain" ? "" : `n${name}@`}${whose}${domain}.com`

describe("the isolation of accounts", () => {
  it("there is an attack on every operation", () => {
    expect(Object.keys(attacks).sort()).toEqual([...operations].sort())
  })

  it.each(storages)(
    "nobody sees or changes what is another's, or learns that it is there, over %s",
    async (storage) => {
      await fc.assert(
        fc.asyncProperty(arbitraryRun, (run) => attack(storage, run)),
        { numRuns: storage === "memory" ? 40 : 12, examples: [[everything], [{ ...everything, aim: 2, shares: true }]] }
      )
    },
    120_000
  )
})
