/**
 * "This was not me", again and again, while other senders of the account with the same address are added, and processes
 * send what is due: what was acknowledged keeps back every mail that nobody had looked the mailbox up for by then.
 */
import { accountOwner, OrganizationId, type Owner } from "@countersign/core"
import { Effect } from "effect"
import { readHolding, storeAudit, workLeft } from "./Audit.ts"
import { prepare } from "./Duels.ts"
import { type Store, storageOf } from "./Installation.ts"
import type { Life, Mail, TimedAnswer } from "./Processes.ts"
import { makeRandom } from "./Random.ts"

/** How many rounds are under way at once. */
const lanes = 4

/** How long the last mails may take, in milliseconds: a bound. */
const patience = 120_000

/** The other senders of a round. */
const organizations = ["one", "two", "three"]

/** Races in `count` processes on one store. */
export const raceDeclines = Effect.fnUntraced(function* (store: Store, count: number, rounds: number, seed: number) {
  const { account, processes } = yield* prepare(store)
  const random = makeRandom(seed)
  const waiting = new Map<string, (mail: Mail) => void>()
  const onMail = (mail: Mail) => {
    waiting.get(mail.to)?.(mail)
    waiting.delete(mail.to)
  }
  const start = () => processes.start(0, onMail)
  const [first, ...others] = yield* Effect.promise(() =>
    Promise.all([start(), ...Array.from({ length: count - 1 }, start)])
  )
  const lives: readonly [Life, ...ReadonlyArray<Life>] = [first, ...others]
  yield* Effect.promise(() => Promise.all(lives.map(({ ready }) => ready)))

  const add = async (round: number, owner: Owner, name: string): Promise<void> => {
    const key = `add-${round}-${name}`
    const act = {
      act: "add",
      account,
      key,
      owner,
      kind: "email",
      address: `box${round}@acme.com`,
      notifyAccount: false
    } as const
    done(await random.pick(lives).askTimed(act))
  }
  /** When the decline of each address was acknowledged. */
  const declined = new Map<string, number>()
  const race = async (round: number) => {
    const address = `box${round}@acme.com`
    const mailed = new Promise<Mail>((resolve) => waiting.set(address, resolve))
    await add(round, accountOwner, "account")
    const { token = "" } = await mailed
    const some = () => new Promise((later) => setTimeout(later, 4 * random.next()))
    const decline = async () => {
      await some()
      declined.set(address, done(await random.pick(lives).askTimed({ act: "decline", token })).at)
    }
    const adding = organizations.map(async (organization) => {
      await some()
      await add(round, organizationOf(organization), organization)
    })
    await Promise.all([decline(), ...adding])
  }
  let next = 0
  const lane = async () => {
    for (let round = next++; round < rounds; round = next++) await race(round)
  }
  yield* Effect.promise(() => Promise.all(Array.from({ length: lanes }, lane)))

  const findings = yield* Effect.gen(function* () {
    const deadline = performance.now() + patience
    while (workLeft(yield* readHolding).length > 0) {
      if (performance.now() > deadline) return yield* Effect.die(new Error("what is due is not done"))
      yield* Effect.sleep("100 millis")
    }
    yield* Effect.promise(() => Promise.all(lives.map((life) => life.stop())))
    return yield* storeAudit([account])
  }).pipe(Effect.provide(storageOf(store)))
  const sendings = lives.flatMap((life) => life.sendings)
  const late = sendings.filter(
    ({ to, looked = Number.POSITIVE_INFINITY }) => looked > (declined.get(to) ?? Number.POSITIVE_INFINITY)
  )
  return {
    declined: declined.size,
    sent: sendings.length - rounds,
    kept: rounds * (1 + organizations.length) - sendings.length,
    faults: [
      ...late.map(({ to, looked }) => `${to} was mailed: looked at ${looked}, declined at ${declined.get(to)}`),
      ...findings.flatMap(({ faults }) => faults)
    ]
  }
})

const organizationOf = (organization: string): Owner => ({
  _tag: "Organization",
  organization: OrganizationId.make(organization)
})

const done = (timed: TimedAnswer | undefined): TimedAnswer => {
  if (timed?.answer._tag !== "Done") throw new Error(`not done, but ${JSON.stringify(timed)}`)
  return timed
}
