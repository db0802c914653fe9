/**
 * Two processes on one database in single combat: over one stream, and over one mail when the first of them dies or
 * freezes with the mail on its way. Each duel answers what became of it; the tests say what must.
 */
import { accountOwner } from "@countersign/core"
import { AccountAdmin } from "@countersign/engine"
import { DnsServer } from "@countersign/sandbox"
import { Effect, type Scope } from "effect"
import type { AddedValue, Answer } from "./Act.ts"
import { type Finding, readHolding, storeAudit } from "./Audit.ts"
import { type Store, storageOf } from "./Installation.ts"
import { type Life, type Mail, makeProcesses, type Processes } from "./Processes.ts"

/** Processes on one store, and an account. */
export interface Field {
  readonly account: string
  readonly processes: Processes
}

export const prepare = Effect.fnUntraced(function* (store: Store): Effect.fn.Return<Field, unknown, Scope.Scope> {
  const dns = yield* DnsServer.make()
  const { id } = yield* Effect.provide(
    Effect.flatMap(AccountAdmin, (admin) => admin.createAccount({ email: "one@owner.com", name: "One" })),
    storageOf(store)
  )
  return { account: id, processes: yield* makeProcesses({ store, dns: dns.address }) }
})

const done = (answer: Answer | undefined): unknown => {
  if (answer?._tag !== "Done") throw new Error(`not done, but ${JSON.stringify(answer)}`)
  return answer.value
}

/** The clock that leases are told by is the database's, where it has one: the processes' own may be wrong. */
const wrongBy = (store: Store, millis: number): number => (store.kind === "postgres" ? millis : 0)

/** Adds and removes one address from two processes at once, again and again; answers how often each side won. */
export const raceOnOneStream = Effect.fnUntraced(function* (store: Store, rounds: number) {
  const { account, processes } = yield* prepare(store)
  const sides = yield* Effect.promise(() => Promise.all([processes.start(wrongBy(store, 60_000)), processes.start(0)]))
  yield* Effect.promise(() => Promise.all(sides.map(({ ready }) => ready)))
  const created = [0, 0]
  const removed = [0, 0]
  const faults: Array<string> = []
  const race = async (round: number) => {
    const add = (life: Life, side: number) =>
      life.ask({
        act: "add",
        account,
        key: `add-${round}-${side}`,
        owner: accountOwner,
        kind: "email",
        address: "one@acme.com",
        notifyAccount: false
      })
    // Made by `perform`.
    const added = (await Promise.all(sides.map(add))).map((answer) => done(answer) as AddedValue)
    const [{ sender } = { sender: "" }] = added
    const remove = (life: Life, side: number) =>
      life.ask({ act: "remove", account, key: `remove-${round}-${side}`, sender })
    const gone = (await Promise.all(sides.map(remove))).map((answer) => done(answer) as { readonly count: number })
    for (const side of [0, 1]) {
      created[side] = (created[side] ?? 0) + (added[side]?.created === true ? 1 : 0)
      removed[side] = (removed[side] ?? 0) + (gone[side]?.count ?? 0)
    }
    if (added.filter((each) => each.created).length !== 1)
      faults.push(`round ${round} created ${JSON.stringify(added)}`)
    if (added.some((each) => each.incarnation !== round)) faults.push(`round ${round} is ${JSON.stringify(added)}`)
    if (gone.reduce((sum, { count }) => sum + count, 0) !== 1)
      faults.push(`round ${round} removed ${JSON.stringify(gone)}`)
  }
  yield* Effect.promise(async () => {
    for (let round = 1; round <= rounds; round++) await race(round)
    await Promise.all(sides.map((life) => life.stop()))
  })
  const findings = yield* Effect.provide(storeAudit([account]), storageOf(store))
  return { created, removed, faults: [...faults, ...findings.flatMap((finding: Finding) => finding.faults)] }
})

/** How long a lease may take to end and the work to be done by another, in milliseconds: a bound. */
const patience = 120_000

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const deadline = performance.now() + patience
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${patience / 1_000} s`)
    await new Promise((later) => setTimeout(later, 20))
  }
}

/**
 * The first process is struck at the moment when the mail server has its mail and it does not know yet; another takes
 * over. `frozen` goes on when that one has sent the mail, and would like to record its own.
 */
export const takeOver = Effect.fnUntraced(function* (store: Store, strike: "killed" | "frozen") {
  const { account, processes } = yield* prepare(store)
  let struck: Mail | undefined
  const first = yield* Effect.promise(() =>
    processes.start(0, (mail) => {
      struck ??= mail
      mail.life.process.kill(strike === "killed" ? "SIGKILL" : "SIGSTOP")
    })
  )
  if (strike === "killed") first.end = "killed"
  yield* Effect.promise(async () => {
    await first.ready
    const ask = first.ask({
      act: "add",
      account,
      key: "add",
      owner: accountOwner,
      kind: "email",
      address: "one@acme.com",
      notifyAccount: false
    })
    await until("the first mail", () => struck !== undefined)
    const second = await processes.start(wrongBy(store, -60_000))
    await until("the second mail", () => processes.mails.length > 1)
    if (strike === "frozen") {
      first.process.kill("SIGCONT")
      done(await ask)
      await first.stop()
    }
    await second.stop()
  })
  return yield* Effect.provide(
    Effect.map(readHolding, ({ facts, tasks }) => ({
      mails: processes.mails.map(({ messageId, to, text }) => [messageId, to, text].join("\n")),
      recorded: facts.filter(({ event }) => event._tag === "VerificationMailSent").length,
      waiting: tasks.filter(({ kind }) => kind === "verification-mail").length,
      ends: processes.lives.map(({ process }) => process.exitCode ?? process.signalCode),
      logs: processes.lives.map((life) => life.log())
    })),
    storageOf(store)
  )
})
