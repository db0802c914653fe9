/**
 * Nothing is signed wrongly: for 24 virtual hours senders are added, confirmed, declined, removed, degraded and lost
 * under a DNS that fails and lies, while everybody sends, most of them as somebody else. Afterwards the outside checker
 * holds what was signed and what was refused against the log.
 */

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { AccountAdmin, type Caller, Senders } from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { commandsOr, long, type StorageLayer, seed } from "@countersign/testkit"
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Random } from "effect"
import { type Attempt, faultOf, readLives } from "./Audit.ts"
import { honestMail, hostileMail, waysToPretend } from "./HostileMail.ts"
import { Chaos, fallbackFrom, mailSigner, pass, readWholeLog, Signed, seeKeys, sendWorld, toRing } from "./SendWorld.ts"

/** Attempts on each of the two storages. */
const attempts = commandsOr(long ? 50_000 : 1_000)
const hostiles = 50
const owners = 12
const hours = 24
/** Attempts of one step; each step is the same part of the 24 hours. */
const perStep = long ? 25 : 10
const steps = Math.ceil(attempts / perStep)

interface Party {
  readonly caller: Caller
  readonly domain: string
  readonly isHostile: boolean
  /** Its records are gone for good: such a domain is lost within the day. */
  readonly isFalling: boolean
  /** Its records come and go. Where that is so of many, no domain falls: then it is the DNS that is in doubt. */
  readonly isUnsteady: boolean
  /** Every address that it ever added, with the organization. */
  readonly addresses: Array<{ readonly address: string; readonly organization: string | undefined }>
}

const chance = (part: number) => Effect.map(Random.next, (drawn) => drawn < part)
const oneOf = <A>(all: ReadonlyArray<A>): Effect.Effect<A> =>
  Effect.map(Random.next, (drawn) => {
    const first = all[Math.floor(drawn * all.length)]
    if (first === undefined) throw new Error("there is none to choose from")
    return first
  })

const add = Effect.fnUntraced(function* (party: Party, address: string, organization?: string) {
  const owner = organization === undefined ? undefined : ({ _tag: "Organization", organization } as const)
  if (address.includes("@")) party.addresses.push({ address, organization })
  yield* (yield* Senders).add({
    ...party.caller,
    ...(owner === undefined ? {} : { owner }),
    ...{ kind: address.includes("@") ? "email" : "domain", address }
  })
})

/** Follows the links of mails that were sent: confirms, or declines. */
const follow = Effect.fnUntraced(function* (how: "confirm" | "decline", last = 10) {
  const mails = (yield* (yield* MemoryMailer).accepted).slice(-last)
  if (mails.length === 0) return
  const token = /\/verify\/(\S+)/.exec((yield* oneOf(mails)).text)?.[1] ?? ""
  yield* Effect.ignore((yield* Senders)[how]({ token }))
})

const listed = Effect.fnUntraced(function* ({ caller: { account } }: Party) {
  return yield* (yield* Senders).list({ account, order: "oldest-first", offset: 0, limit: 100 })
})

/** The records of a domain as the party's plan has them: there, gone, or the first one gone. */
const publish = Effect.fnUntraced(function* (party: Party, what: "all" | "none" | "but-first") {
  const dns = yield* MemoryDns
  const own = (yield* listed(party)).find(({ domain }) => domain === party.domain)
  for (const [index, { name, value }] of (own?.plan.records ?? []).entries()) {
    if (what === "all" || (what === "but-first" && index > 0)) yield* dns.put(name, "CNAME", value)
    else yield* dns.remove(name)
  }
})

/** New accounts, each with its own domain, whose mailboxes are confirmed; one in six has no records yet. */
const populate = Effect.fnUntraced(function* (isHostile: boolean, count: number) {
  const [admin, mailer, senders] = [yield* AccountAdmin, yield* MemoryMailer, yield* Senders]
  const parties: Array<Party> = []
  const mailed = (yield* mailer.accepted).length
  for (let number = 0; number < count; number++) {
    const domain = isHostile ? `eve${number}.com` : `shop${number}.com`
    const { id } = yield* admin.createAccount({ email: `owner@${domain}`, name: `"Shop" ${number} <a@b.com>` })
    const caller = { account: id, actor: "key:test", correlation: "test" }
    const [isFalling, isUnsteady] = [!isHostile && number % 6 === 0, number % 6 === 2]
    const party: Party = { caller, domain, isHostile, isFalling, isUnsteady, addresses: [] }
    parties.push(party)
    yield* add(party, `Billing@${domain}`)
    if (!isHostile) yield* add(party, `sales@${domain}`, "sales")
    if (!isHostile && number % 3 === 0) yield* add(party, domain)
    yield* publish(party, number % 6 === 1 ? "none" : "all")
  }
  yield* pass("1 minute")
  for (const { text } of (yield* mailer.accepted).slice(mailed))
    yield* Effect.ignore(senders.confirm({ token: /\/verify\/(\S+)/.exec(text)?.[1] ?? "" }))
  yield* pass("2 hours")
  return parties
})

/** Something that happens to somebody's senders. */
const act = Effect.fnUntraced(function* (parties: ReadonlyArray<Party>, party: Party) {
  const victim = yield* oneOf(parties)
  const [senders, number] = [yield* Senders, yield* Random.nextIntBetween(0, 1_000)]
  const acts: ReadonlyArray<Effect.Effect<unknown, unknown, Senders | MemoryMailer | MemoryDns>> = [
    add(party, `a${number}@${party.domain}`, number % 2 === 0 ? "sales" : undefined),
    add(party, party.domain),
    add(party, `billing@${victim.domain}`),
    add(party, victim.domain),
    ...[follow("confirm", 1), follow("confirm", 1), follow("confirm"), follow("confirm", 1_000), follow("decline", 1)],
    Effect.andThen(add(party, `b${number}@${party.domain}`), Effect.delay(follow("decline", 1), "1 second")),
    ...(party.isFalling ? [] : [publish(party, "all")]),
    ...(party.isUnsteady ? [publish(party, "none"), publish(party, "but-first")] : []),
    Effect.flatMap(listed(party), (list) =>
      list.length === 0 ? Effect.void : Effect.flatMap(oneOf(list), ({ id }) => senders.remove({ ...party.caller, id }))
    ),
    Effect.flatMap(listed(party), (list) =>
      list.length === 0 ? Effect.void : Effect.flatMap(oneOf(list), ({ id }) => senders.resend({ ...party.caller, id }))
    )
  ]
  yield* Effect.ignore(yield* oneOf(acts))
})

/** Everybody's day: answers what became of each attempt. */
const day = Effect.gen(function* () {
  const sign = yield* mailSigner
  const chaos = yield* Chaos
  yield* seeKeys
  const parties = yield* populate(false, owners)
  for (const party of parties.filter(({ isFalling }) => isFalling)) yield* publish(party, "none")
  const isDegraded = Effect.map(readWholeLog, (log) => log.some(({ type }) => type === "DomainDegraded"))
  yield* Effect.repeat(Effect.andThen(pass("1 hour"), isDegraded), { until: (degraded) => degraded })
  yield* pass("68 hours")
  parties.push(...(yield* populate(true, hostiles)))
  Object.assign(chaos, { failing: 0.1, denied: 0.02 })

  const done: Array<Attempt> = []
  const attempt = Effect.fnUntraced(function* (number: number, changing: Party) {
    const id = `${number}`
    const party = (yield* chance(0.4)) ? changing : yield* oneOf(parties)
    const honestly = !party.isHostile || (yield* chance(0.2))
    const known = yield* oneOf(party.addresses)
    const isAnyone = yield* chance(0.1)
    const own = isAnyone ? { address: `anyone@${party.domain}`, organization: undefined } : known
    const as = (yield* oneOf((yield* oneOf(parties)).addresses)).address
    const [way, body] = [yield* Random.nextIntBetween(0, waysToPretend), yield* Random.nextIntBetween(0, 4)]
    const raw = honestly ? honestMail(id, own.address) : hostileMail(way, body, id, { as, own: own.address })
    const rewrites = yield* chance(0.2)
    yield* Effect.sleep(yield* Random.nextIntBetween(0, 2_500))
    const from = yield* Clock.currentTimeMillis
    const owner = { account: party.caller.account, organization: own.organization }
    const signed: typeof Signed.Service = { last: undefined }
    const outcome = yield* sign(raw, owner, `m${id}`, { rewrite: rewrites }).pipe(
      Effect.provideService(Signed, signed),
      Effect.match({
        onSuccess: (octets) => ({ octets }),
        onFailure: (failure) => ({
          refused: `${failure._tag} ${"code" in failure ? failure.code : ""} ${failure.message}`
        })
      })
    )
    done.push({
      ...{ id, ...owner, from, outcome, slot: signed.last?.slot },
      honest: honestly ? own.address.toLowerCase() : undefined,
      at: signed.last?.at ?? (yield* Clock.currentTimeMillis)
    })
  })

  for (let step = 0; step < steps; step++) {
    if (step === Math.floor(steps / 2))
      yield* toRing({ _tag: "RevokeKey", at: yield* Clock.currentTimeMillis, slot: 1 })
    if (step % 50 === 10) yield* (yield* MemoryDns).breakDown("SERVFAIL")
    if (step % 50 === 14) yield* (yield* MemoryDns).restore
    const changing = yield* oneOf((yield* chance(0.7)) ? parties : parties.filter(({ isUnsteady }) => isUnsteady))
    const acting = yield* Effect.forEach([1, 2, 3], () =>
      Effect.flatMap(Random.nextIntBetween(0, 1_500), (wait) =>
        Effect.forkChild(Effect.delay(act(parties, changing), wait))
      )
    )
    const sending = yield* Effect.forEach(
      Array.from({ length: perStep }, (_, index) => step * perStep + index),
      (number) => Effect.forkChild(attempt(number, changing))
    )
    const all = [...acting, ...sending]
    while (all.some((fiber) => fiber.pollUnsafe() === undefined)) {
      yield* pass("50 millis")
      // The keys sign beside the event loop.
      yield* Effect.promise(() => new Promise((resume) => setImmediate(resume)))
    }
    yield* Effect.forEach(all, (fiber) => Fiber.join(fiber))
    yield* pass(Math.floor((hours * 3_600_000) / steps) - 3_000)
  }
  const faults: Array<string> = []
  const log = yield* readWholeLog
  const lives = readLives(log)
  for (const each of done) {
    const fault = yield* Effect.promise(() => faultOf(lives, each, fallbackFrom))
    if (fault !== undefined) faults.push(`attempt ${each.id} at ${each.at}: ${fault}`)
  }
  const types = Object.groupBy(log, ({ type }) => type)
  const count = (type: string) => types[type]?.length ?? 0
  return {
    faults,
    attempts: done.length,
    signed: done.filter(({ slot }) => slot !== undefined).length,
    signedForHostile: done.filter(({ honest, slot }) => honest === undefined && slot !== undefined).length,
    honestRefused: done.filter(({ honest, slot }) => honest !== undefined && slot === undefined).length,
    // In a short day the last two may not come about.
    events: [
      "SenderRemoved",
      "VerificationDeclined",
      "DomainDegraded",
      "DomainVerificationLost",
      "DomainRecovered"
    ].map(count)
  }
})

const check = (name: string, storage: StorageLayer) =>
  it.effect(
    `in ${hours} hours on ${name} of ${attempts} mails none is signed for whom it should not be, and none refused that may`,
    () =>
      Effect.gen(function* () {
        const { faults, ...figures } = yield* day
        console.info(`nothing wrongly, ${name}, seed ${seed}: ${JSON.stringify(figures)}`)
        assert.deepStrictEqual(faults.slice(0, 10), [])
        assert.isAtLeast(figures.attempts, attempts)
        // Each of it happened.
        assert.isAbove(Math.min(...figures.events.slice(0, long ? 5 : 3)), 0, figures.events.join(" "))
        assert.isAbove(Math.min(figures.signed, figures.honestRefused), attempts / 50)
      }).pipe(Effect.provide(sendWorld(storage)), Random.withSeed(`${seed}`)),
    3_600_000
  )

const folder = mkdtempSync(join(tmpdir(), "countersign-wrong-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

check("memory", MemoryStorage.layer)
check("SQLite", SqliteStorage.layer({ file: join(folder, "store.db"), cacheMegabytes: 4 }))
