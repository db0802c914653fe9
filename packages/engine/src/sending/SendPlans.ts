/**
 * Send plans, answered from memory: at once, and never later than a second behind the log.
 *
 * It fails closed. An answer needs a read of the log that began less than a second ago, by the monotonic clock; the log
 * is looked at every 250 ms while somebody sends, beside the storage's hint, so a hint that is lost changes nothing.
 * Without such a read the answer waits for one, for five seconds at most, and then it is the fallback.
 */
import {
  type AccountId,
  emptyRing,
  isOf,
  type KeyRing,
  keyRingDecider,
  keyRingId,
  parseEmailAddress,
  type SenderId,
  senderDecider
} from "@countersign/core"
import { Brand, Clock, Context, Effect, Latch, Layer, Option, Result, Semaphore, Stream } from "effect"
import { Accounts } from "../ports/Accounts.ts"
import { type EventPage, EventStore, type Position, type StoredEvent } from "../ports/EventStore.ts"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import { loadStream } from "../ScriptRun.ts"
import { Settings } from "../Settings.ts"
import { SenderIndex } from "./SenderIndex.ts"
import { type Obstacle, obstacle, type SendPlan, slotFor } from "./SendPlan.ts"

/** What is asked: without `from`, the effective sender. */
export interface SendPlanRequest {
  readonly account: AccountId
  readonly organization?: string | undefined
  readonly from?: string | undefined
}

/** How old the read of the log may be that an answer stands on, in milliseconds. */
const freshFor = 1_000
const lookEvery = 250
/** After so long without a question nobody looks at the log any more, in milliseconds. */
const idleAfter = 60_000
const longestWait = 5_000
const pageSize = 1_000

const senderId = Brand.nominal<SenderId>()

const make = Effect.gen(function* () {
  const store = yield* EventStore
  const directory = yield* SenderDirectory
  const accounts = yield* Accounts
  const { allowTestNames, fallbackFrom } = yield* Settings
  const clock = yield* Clock.Clock
  /** Milliseconds of a clock that is never set back. */
  const monotonic = (): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const index = new SenderIndex()
  const wanted = yield* Latch.make()
  const looked = yield* Latch.make()
  const hint = yield* Latch.make()
  const filling = new Map<AccountId, Set<SenderId>>()
  const locks = new Map<AccountId, Semaphore.Semaphore>()
  const names = new Map<AccountId, string>()
  let ring: KeyRing = emptyRing
  let position: Position | undefined
  let freshAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY

  const refresh = Effect.fnUntraced(function* (account: AccountId, id: SenderId) {
    index.put(account, id, Option.getOrUndefined(yield* directory.find(account, id)))
  })

  const loadRing = Effect.map(loadStream(store, keyRingDecider, keyRingId), ({ state }) => {
    ring = state
  })

  /** What an event changes here. The directory is written with the event, so it knows at least as much. */
  const take = Effect.fnUntraced(function* (event: StoredEvent) {
    if (isOf(keyRingDecider, event.type)) return yield* loadRing
    if (!isOf(senderDecider, event.type)) return
    const id = senderId(event.stream)
    // Whose it is, is not known of a sender that is not in the index: every account that is being filled looks.
    for (const changed of filling.values()) changed.add(id)
    const account = index.accountOf(id) ?? addedTo(event)
    if (account !== undefined && index.has(account)) yield* refresh(account, id)
  })

  const look = Effect.gen(function* () {
    const began = monotonic()
    let after: Position
    if (position === undefined) {
      after = yield* store.head
      yield* loadRing
    } else after = position
    while (true) {
      const page: EventPage = yield* store.readLog(after, pageSize)
      for (const event of page.events) {
        yield* take(event)
        after = event.position
      }
      position = after
      if (page.events.length < pageSize) break
    }
    freshAt = began
    yield* Latch.open(looked)
    yield* Latch.close(looked)
  })

  const isFresh = () => monotonic() - freshAt < freshFor

  const loop = Effect.gen(function* () {
    yield* Latch.await(wanted)
    if (monotonic() - askedAt > idleAfter) return yield* Latch.close(wanted)
    yield* Latch.close(hint)
    yield* Effect.catchCause(look, (cause) => Effect.logWarning("send plans cannot read the log", cause))
    yield* Effect.raceFirst(Latch.await(hint), Effect.sleep(lookEvery))
  }).pipe(Effect.forever)
  yield* Effect.forkScoped(loop)
  const hear = Stream.runForEach(store.changes, () => Latch.open(hint)).pipe(
    Effect.catchCause((cause) =>
      Effect.logWarning("send plans do not hear of changes; the log is read all the same", cause)
    ),
    Effect.andThen(Effect.sleep("10 seconds")),
    Effect.forever
  )
  yield* Effect.forkScoped(Effect.andThen(Latch.await(wanted), hear))

  /**
   * Fills the index with an account's senders. What changes meanwhile is read once more, before the index has any of
   * them: a change that was taken from the log is taken for good.
   */
  const fill = Effect.fnUntraced(function* (account: AccountId) {
    const changed = new Set<SenderId>()
    filling.set(account, changed)
    const senders = new Map<SenderId, ListedSender>()
    let after: Position = 0
    while (true) {
      const page = yield* directory.page({ account, order: "oldest-first", offset: 0, limit: pageSize, after })
      for (const sender of page) senders.set(sender.id, sender)
      if (page.length < pageSize) break
      after = page[page.length - 1]?.position ?? after
    }
    names.set(account, Option.match(yield* accounts.account(account), { onNone: () => "", onSome: ({ name }) => name }))
    // One that changes again is met again.
    for (const id of changed) {
      changed.delete(id)
      const found = yield* directory.find(account, id)
      if (Option.isSome(found)) senders.set(id, found.value)
      else senders.delete(id)
    }
    index.fill(account, [...senders.values()])
  })
  /** Two at once would overwrite what the one of them has learned. */
  const fillOnce = (account: AccountId) =>
    Effect.suspend(() => {
      const lock = locks.get(account) ?? Semaphore.makeUnsafe(1)
      locks.set(account, lock)
      const filled = Effect.ensuring(
        fill(account),
        Effect.sync(() => filling.delete(account))
      )
      return lock.withPermits(1)(Effect.suspend(() => (index.has(account) ? Effect.void : filled)))
    })

  const fallback = (
    { account }: SendPlanRequest,
    obstacles: ReadonlyArray<Obstacle>,
    validUntil: number,
    sender?: ListedSender
  ): SendPlan => ({
    from: fallbackFrom === undefined ? undefined : named(names.get(account) ?? "", fallbackFrom),
    // Never an address that its owner did not confirm, nor one that was declined.
    replyTo: sender?.mailbox === "verified" ? sender.address : undefined,
    sign: undefined,
    sender: sender?.id,
    reason: "fallback",
    obstacles,
    validUntil
  })

  const planFor = (request: SendPlanRequest, validUntil: number): SendPlan => {
    const { account, organization = "", from } = request
    const found = from === undefined ? undefined : wantedSender(request, from)
    const sender =
      from === undefined ? (index.newest(account, organization) ?? index.newest(account, "")) : found?.sender
    if (sender === undefined) {
      const missing =
        from === undefined
          ? obstacle("no-active-sender", "No sender is active: add one, and confirm its address and its domain.")
          : obstacle("from-not-a-sender", "This From address is none of your senders.")
      return fallback(request, [missing], validUntil)
    }
    if (sender.status !== "active") {
      const why = `${sender.address} is not active: its status is ${sender.status}.`
      return fallback(request, [obstacle("sender-not-active", why)], validUntil, sender)
    }
    const slot = slotFor(ring, sender, validUntil)
    if (typeof slot !== "number") return fallback(request, [slot], validUntil, sender)
    const selector = sender.plan.tokens[slot - 1] ?? ""
    return {
      from: found?.address ?? sender.address,
      replyTo: undefined,
      sign: { domain: sender.domain, selector, slot },
      sender: sender.id,
      reason: "active",
      obstacles: [],
      validUntil
    }
  }

  /**
   * The sender that a From address belongs to: of an organization, its own only; without one, the account's, and the
   * senders of whole domains. A spelling that was not confirmed is no sender's.
   */
  const wantedSender = ({ account, organization }: SendPlanRequest, from: string) => {
    // What is spelt as the index has it need not be read again: reading a domain costs more than all the rest.
    const known = index.named(account, from).find(({ kind }) => kind === "email")
    const read = known ?? Result.getOrUndefined(parseEmailAddress(from, { allowTestNames }))
    if (read === undefined) return undefined
    const { canonical, domain } = read
    const own = index
      .named(account, canonical)
      .filter(({ kind, owner }) => kind === "email" && isOwner(owner, organization))
    const whole = organization === undefined ? index.named(account, domain).filter(({ kind }) => kind === "domain") : []
    const all = [...own, ...whole]
    const sender = all.find(({ status }) => status === "active") ?? all[0]
    if (sender === undefined) return undefined
    // The effective sender is exactly the spelling that was mailed and confirmed.
    return { sender, address: sender.kind === "domain" ? from : sender.address }
  }

  /** Answers at once, or `undefined`: then something has to be read first. */
  const planNow = (request: SendPlanRequest): SendPlan | undefined => {
    askedAt = monotonic()
    Latch.openUnsafe(wanted)
    if (!isFresh() || !index.has(request.account) || filling.has(request.account)) return undefined
    return planFor(request, clock.currentTimeMillisUnsafe() - (monotonic() - freshAt) + freshFor)
  }

  const prepared = Effect.fnUntraced(function* (account: AccountId) {
    while (!isFresh()) yield* Latch.await(looked)
    yield* fillOnce(account)
    while (!isFresh()) yield* Latch.await(looked)
  })

  const plan = Effect.fn("SendPlans.plan")(function* (request: SendPlanRequest): Effect.fn.Return<SendPlan> {
    const now = planNow(request)
    if (now !== undefined) return now
    yield* Effect.ignore(Effect.timeout(prepared(request.account), longestWait))
    const later = planNow(request)
    if (later !== undefined) return later
    const away = obstacle("storage-unavailable", "Whether mail may be sent cannot be told now: try again shortly.")
    return fallback(request, [away], (yield* Clock.currentTimeMillis) + freshFor)
  })

  return { plan, planNow, ring: Effect.sync(() => ring) }
})

const isOwner = (owner: ListedSender["owner"], organization: string | undefined): boolean =>
  owner._tag === "Organization" ? owner.organization === organization : organization === undefined

const named = (name: string, address: string): string =>
  name === "" ? address : `"${name.replaceAll(/[\\"]/g, "\\$&")}" <${address}>`

const addedTo = (event: StoredEvent): AccountId | undefined => {
  if (event.type !== "SenderAdded") return undefined
  const decoded = senderDecider.codec.decode(event)
  return Result.isSuccess(decoded) && decoded.success._tag === "SenderAdded" ? decoded.success.account : undefined
}

/** The port of send plans: see the top of the file. */
export class SendPlans extends Context.Service<SendPlans, Effect.Success<typeof make>>()("countersign/SendPlans") {
  static readonly layer = Layer.effect(SendPlans, make)
}
