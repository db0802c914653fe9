/**
 * Many processes on one database, killed and started again at random while clients work with them, and the audit of
 * what is left. The tests of this folder run it on each storage.
 */
import { AccountId, DomainName } from "@countersign/core"
import { AccountAdmin, DkimProvider, DkimTokens, Installation } from "@countersign/engine"
import { DnsServer } from "@countersign/sandbox"
import { Effect, type Scope } from "effect"
import { audit, type Finding, readHolding, workLeft } from "./Audit.ts"
import { runClients, type Told } from "./Clients.ts"
import { type Store, storageOf } from "./Installation.ts"
import { type Life, makeProcesses } from "./Processes.ts"
import { makeRandom } from "./Random.ts"

export interface StressOptions {
  readonly store: Store
  readonly seed: number
  readonly commands: number
  /** One process for each: how far its clock is ahead, in milliseconds. */
  readonly clocks: ReadonlyArray<number>
  /** How many processes are ended at random, most of them by SIGKILL. */
  readonly ends: number
  /** How many times a process is frozen (SIGSTOP) for up to two seconds. */
  readonly freezes?: number
  /** What happens to the database itself, when so many commands (a part of all) have been answered. */
  readonly blows?: ReadonlyArray<{ readonly at: number; readonly strike: () => Promise<void> }>
}

export interface StressReport {
  readonly seed: number
  readonly told: ReadonlyArray<Told>
  readonly findings: ReadonlyArray<Finding>
  readonly kills: number
  readonly stops: number
  readonly seconds: number
}

/** How long the last lease of a killed process may take to end and its work to be done, in milliseconds: a bound. */
const patience = 120_000

export const runStress = Effect.fnUntraced(function* (
  options: StressOptions
): Effect.fn.Return<StressReport, unknown, Scope.Scope> {
  const began = performance.now()
  const { store, seed, commands, clocks } = options
  const random = makeRandom(seed)
  const storage = storageOf(store)
  const dns = yield* DnsServer.make()
  const accounts = yield* Effect.provide(
    Effect.forEach(["one", "two", "three"], (name) =>
      Effect.flatMap(AccountAdmin, (admin) => admin.createAccount({ email: `${name}@owner.com`, name }))
    ),
    storage
  )
  const ids = accounts.map(({ id }) => AccountId.make(id))
  const processes = yield* makeProcesses({ store, dns: dns.address })
  const publish = (domain: string) =>
    Effect.runPromise(
      Effect.forEach(
        ids,
        Effect.fnUntraced(function* (account) {
          const { records } = yield* (yield* DkimProvider).plan(account, DomainName.make(domain))
          for (const { name, value } of records) yield* dns.zone.put(name, "CNAME", value)
        })
      ).pipe(Effect.provide(DkimTokens.layer("dkim.example.net")), Effect.provide(storage))
    )

  const broken = new Set<Life>()
  const slots: Array<Life> = yield* Effect.promise(() => Promise.all(clocks.map((offset) => processes.start(offset))))
  yield* Effect.promise(() => Promise.all(slots.map(({ ready }) => ready)))

  const someProcess = async (dice: { readonly below: (limit: number) => number }): Promise<Life> => {
    while (true) {
      const life = slots[dice.below(slots.length)]
      if (life !== undefined && life.end === undefined) {
        // A life that ends before it begins is asked nothing.
        await Promise.race([life.ready.catch(() => undefined), life.ended])
        if (life.process.exitCode === null && life.process.signalCode === null) return life
        if (life.end === undefined) throw new Error(`process ${life.number} died by itself: ${life.log()}`)
      }
      await new Promise((later) => setTimeout(later, 5))
    }
  }

  // Each end comes after a number of commands that the seed knows.
  const moments = (count: number) =>
    Array.from({ length: count }, () => Math.trunc(commands * (0.02 + 0.96 * random.next()))).sort((a, b) => a - b)
  const ends = moments(options.ends)
  const freezes = moments(options.freezes ?? 0)
  const blows = (options.blows ?? []).map(({ at, strike }) => ({ at: Math.trunc(at * commands), strike }))
  const replacing: Array<Promise<unknown>> = []
  const replaceOne = async () => {
    const slot = random.below(slots.length)
    const life = slots[slot]
    if (life === undefined || life.end !== undefined) return
    if (random.next() < 0.2) {
      const ended = life.stop()
      slots[slot] = await processes.start(clocks[slot] ?? 0)
      await ended
    } else {
      broken.add(life)
      const ended = life.kill()
      slots[slot] = await processes.start(clocks[slot] ?? 0)
      await ended
    }
  }
  const freezeOne = async () => {
    const life = slots[random.below(slots.length)]
    life?.process.kill("SIGSTOP")
    await new Promise((later) => setTimeout(later, 2_000 * random.next()))
    life?.process.kill("SIGCONT")
  }
  const progress = (answered: number) => {
    if (answered % 2_000 === 0)
      console.info(`${answered} of ${commands} commands, ${processes.lives.length} lives so far`)
    while ((ends[0] ?? Number.POSITIVE_INFINITY) <= answered) {
      ends.shift()
      replacing.push(replaceOne())
    }
    while ((freezes[0] ?? Number.POSITIVE_INFINITY) <= answered) {
      freezes.shift()
      replacing.push(freezeOne())
    }
    while ((blows[0]?.at ?? Number.POSITIVE_INFINITY) <= answered) {
      const blow = blows.shift()
      // What was in flight in any process, when it struck or while it did, may have been written and not known.
      const strikeAll = () => {
        for (const life of slots) broken.add(life)
      }
      strikeAll()
      if (blow !== undefined) replacing.push(blow.strike().then(strikeAll))
    }
  }
  const [one = "", ...rest] = ids
  const told = yield* Effect.promise(() =>
    runClients({
      seed,
      commands,
      lanes: 4 * clocks.length,
      world: { accounts: [one, ...rest], publish: (domain) => publish(domain).then(() => undefined) },
      mails: processes.mails,
      someProcess,
      progress
    })
  )
  yield* Effect.promise(() => Promise.all(replacing))

  const findings = yield* Effect.gen(function* () {
    yield* Installation
    const deadline = performance.now() + patience
    let left = workLeft(yield* readHolding)
    while (left.length > 0 && performance.now() < deadline) {
      yield* Effect.sleep("500 millis")
      left = workLeft(yield* readHolding)
    }
    yield* Effect.promise(() => Promise.all(slots.map((life) => life.stop())))
    return yield* audit(ids, told, processes.mails, broken, left)
  }).pipe(Effect.provide(storage))
  const defects = processes.lives.flatMap((life) => unexpected(life))
  const ofKind = (end: Life["end"]) =>
    processes.lives.filter((life) => life.end === end && !slots.includes(life)).length
  return {
    seed,
    told,
    findings: [
      ...findings,
      {
        invariant: "no process logged a defect, and every one that was asked to stop ended well",
        counted: `${processes.lives.length} lives, ${processes.lives.flatMap((life) => life.log().split("\n")).length} lines`,
        faults: defects
      }
    ],
    kills: ofKind("killed"),
    stops: ofKind("stopped"),
    seconds: (performance.now() - began) / 1_000
  }
})

/**
 * Lines of the log that no fault of a process or of the storage explains, and exit codes that say that something went
 * wrong.
 */
const unexpected = (life: Life): ReadonlyArray<string> => [
  ...life
    .log()
    .split("\n")
    .filter((line) => /level=(?:error|fatal)|TypeError|Defect|defect/i.test(line))
    .map((line) => `process ${life.number} said: ${line}`),
  ...(life.end === "stopped" && life.process.exitCode !== 0
    ? [`process ${life.number} was asked to stop and ended with ${life.process.exitCode}: ${life.log()}`]
    : [])
]

/** What a run was, for people: a line for each invariant. */
export const summary = (title: string, { seed, told, findings, kills, stops, seconds }: StressReport): string =>
  [
    `${title}: ${told.length} commands, ${kills} kills, ${stops} stops, ${seconds.toFixed(0)} s, seed ${seed} (set COUNTERSIGN_SEED to repeat it)`,
    ...findings.map(
      ({ invariant, counted, faults }) =>
        `  ${faults.length === 0 ? "holds" : "BROKEN"}  ${invariant}: ${counted}${faults.length === 0 ? "" : `, ${faults.length} faults`}`
    )
  ].join("\n")
