/**
 * The clients of a stressed installation: what they know, what they ask next, and what they were told.
 *
 * Like clients over a network they repeat a request that was not answered, with the same idempotency key, at whichever
 * process is there. Now and then they ask two processes the same at once.
 */
import { accountOwner, OrganizationId, type Owner } from "@countersign/core"
import type { Act, AddedValue, Answer } from "./Act.ts"
import type { Life, Mail } from "./Processes.ts"
import { makeRandom, type Random } from "./Random.ts"

/** What ends the asking. */
type Final = Extract<Answer, { readonly _tag: "Done" | "Refused" }>

/** An act that was answered. */
export interface Told {
  readonly act: Act
  readonly answer: Final
  /** What the same request was answered that was sent at the same time, if one was. */
  readonly twin: Final | undefined
  /** How often it was asked until it was answered. */
  readonly times: number
}

/** Accounts, domains and owners. */
interface World {
  readonly accounts: readonly [string, ...ReadonlyArray<string>]
  /** Publishes or withdraws the records of a domain. */
  readonly publish: (domain: string) => Promise<void>
}

const organization = (name: string): Owner => ({ _tag: "Organization", organization: OrganizationId.make(name) })
const owners = [accountOwner, organization("north"), organization("south")] as const
const domains = ["acme.com", "example.org", "shop.net", "north.io", "late.dev"] as const

const nextAct = (
  random: Random,
  key: string,
  size: number,
  world: World,
  known: ReadonlyArray<{ readonly account: string; readonly sender: string }>,
  mails: ReadonlyArray<Mail>
): Act => {
  const account = random.pick(world.accounts)
  const owner = random.pick(owners)
  // A tenth of the addresses get half of the requests: processes meet on one stream all the time.
  const number = random.below(random.next() < 0.5 ? Math.ceil(size / 10) : size)
  const domain = domains[number % domains.length] ?? domains[0]
  const chance = random.next()
  const add = (): Act => ({
    act: "add",
    account,
    key,
    owner,
    kind: chance < 0.04 ? "domain" : "email",
    address: chance < 0.04 ? domain : `a${number}@${domain}`,
    notifyAccount: random.next() < 0.1
  })
  const one = known[random.next() < 0.5 ? Math.max(0, known.length - 1 - random.below(20)) : random.below(known.length)]
  if (chance < 0.42 || one === undefined) return add()
  if (chance < 0.62) {
    const { token } = mails[Math.max(0, mails.length - 1 - random.below(60))] ?? {}
    if (token !== undefined) return { act: chance < 0.6 ? "confirm" : "decline", token }
  }
  if (chance < 0.7) return { act: "resend", key, ...one }
  if (chance < 0.78) return { act: "check", ...one }
  if (chance < 0.86) return { act: "remove", key, ...one }
  if (chance < 0.865) return { act: "removeAll", account, key, owner: owners[2] }
  if (chance < 0.89) return { act: "removeAddress", account, key, address: `a${number}@${domain}` }
  if (chance < 0.96) return { act: random.pick(["get", "history"]), ...one }
  return { act: random.pick(["list", "effective"]), account }
}

export interface ClientOptions {
  readonly seed: number
  readonly commands: number
  /** How many ask at the same time. */
  readonly lanes: number
  readonly world: World
  readonly mails: ReadonlyArray<Mail>
  /** A process that is ready, waiting for one if there is none. */
  readonly someProcess: (random: Random) => Promise<Life>
  /** Told after each command that was answered. */
  readonly progress: (answered: number) => void
}

/** Asks everything, and answers what was told. Throws when an answer is one that must not be. */
export const runClients = async (options: ClientOptions): Promise<ReadonlyArray<Told>> => {
  const { seed, commands, lanes, world, mails, someProcess, progress } = options
  const told: Array<Told> = []
  const known: Array<{ readonly account: string; readonly sender: string }> = []
  let next = 0
  let failed = false

  // Nobody waits for ever: what is not answered within this time, in milliseconds, was lost or goes in circles.
  const longest = 120_000

  const askUntilAnswered = async (act: Act, random: Random, started: { times: number }): Promise<Final> => {
    const began = performance.now()
    let last: unknown
    while (true) {
      if (performance.now() - began > longest) {
        throw new Error(
          `${JSON.stringify(act)} had no answer in ${started.times} tries; the last: ${JSON.stringify(last)}`
        )
      }
      started.times += 1
      const life = await someProcess(random)
      const late = new Promise<"late">((resolve) => setTimeout(resolve, longest, "late").unref())
      const answer = await Promise.race([life.ask(act), late])
      if (answer === "late")
        throw new Error(`process ${life.number} never answered ${JSON.stringify(act)}: ${life.log()}`)
      last = answer
      if (answer?._tag === "Broken") throw new Error(`${JSON.stringify(act)} broke: ${answer.error}`)
      if (answer?._tag === "Done" || answer?._tag === "Refused") return answer
      if (answer !== undefined) await new Promise((later) => setTimeout(later, 20))
    }
  }

  const lane = async () => {
    while (next < commands && !failed) {
      const number = next++
      const random = makeRandom(seed * 100_003 + number)
      const act = nextAct(random, `k-${number}`, Math.ceil(commands / 8), world, known, mails)
      const started = { times: 0 }
      const first = askUntilAnswered(act, random, started)
      // The same request twice at once, as an impatient client or its proxy does.
      const second = random.next() < 0.05 ? askUntilAnswered(act, makeRandom(number), started) : undefined
      const [one, twin] = await Promise.all([first, second])
      // A refusal leaves no receipt: the other may have come a moment later, when it was right.
      const answer = one._tag === "Refused" && twin !== undefined ? twin : one
      // Once it was done, it is the same for ever, whoever asks again: also the one that was refused a moment before.
      const again =
        twin !== undefined && answer._tag === "Done" ? await askUntilAnswered(act, random, started) : undefined
      const later = [twin, one, again].filter((each) => each !== undefined && (each === again || each._tag === "Done"))
      if ("key" in act && later.some((each) => JSON.stringify(each) !== JSON.stringify(answer))) {
        throw new Error(
          `other answers to ${JSON.stringify(act)} than ${JSON.stringify(answer)}: ${JSON.stringify(later)}`
        )
      }
      told.push({ act, answer, twin: twin === undefined || answer === one ? twin : one, times: started.times })
      if (act.act === "add" && answer._tag === "Done") {
        known.push({ account: act.account, sender: addedValue(answer).sender })
        // Records appear one domain after the other; the last one stays without.
        const domain = domains[number % domains.length] ?? domains[0]
        if (random.next() < 0.05 && domain !== "late.dev") await world.publish(domain)
      }
      progress(told.length)
    }
  }
  const stopAll = (cause: unknown): never => {
    failed = true
    throw cause
  }
  await Promise.all(Array.from({ length: lanes }, () => lane().catch(stopAll)))
  return told
}

/** What an `add` was answered. */
export const addedValue = ({ value }: Extract<Answer, { readonly _tag: "Done" }>): AddedValue =>
  // Made by `perform`, of the same tests.
  value as AddedValue
