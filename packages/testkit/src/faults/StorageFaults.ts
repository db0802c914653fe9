/**
 * Faults of a storage on demand: a layer around any adapter's layer, and a service by which a test says what goes
 * wrong.
 *
 * Commits can fail before or after they are written, hang, or be refused for what they hold; the storage can be down
 * for a while; and the process can die: from some step on, no call of this layer ever takes effect or answers again.
 */
import {
  Accounts,
  type Commit,
  EventStore,
  MailBudget,
  OutcomeUnknown,
  SenderDirectory,
  SigningKeys,
  StorageUnavailable,
  TaskQueue
} from "@countersign/engine"
import { Context, Deferred, Effect, Layer } from "effect"
import type { StoragePorts } from "../StorageContract/Clause.ts"

/** What becomes of one commit of the adapter: of a whole batch, that is. */
export type CommitFault =
  /** Refused, and nothing was written. */
  | "refused"
  /** Written, and the answer was lost. */
  | "answer-lost"
  /** Nothing was written, and it is not known. */
  | "request-lost"
  /** The adapter fails in a way it does not know. */
  | "defect"
  | "none"

/** A commit that waits before it is written. */
export interface HeldCommit {
  /** Ends when a batch has arrived and waits. */
  readonly arrived: Effect.Effect<void>
  readonly release: Effect.Effect<void>
}

/** Makes a storage fail, when a test says so. */
export class StorageFaults extends Context.Service<
  StorageFaults,
  {
    /** The next batches meet these faults, one each. */
    readonly nextCommits: (...faults: ReadonlyArray<CommitFault>) => Effect.Effect<void>
    /** A batch that holds such a commit is refused as a whole, with a defect. */
    readonly poison: (isBad: (commit: Commit) => boolean) => Effect.Effect<void>
    /** The next batch waits until it is released. */
    readonly holdCommit: Effect.Effect<HeldCommit>
    /** Every call is refused until `restore`, or so many calls. */
    readonly breakDown: (calls?: number) => Effect.Effect<void>
    readonly restore: Effect.Effect<void>
    /** How many commits each batch held that came so far. */
    readonly batches: Effect.Effect<ReadonlyArray<number>>
    /** The process dies at this step from now on: every call is two steps, one before it takes effect and one after. */
    readonly dieAt: (step: number) => Effect.Effect<void>
    readonly isDead: Effect.Effect<boolean>
    /** Ends when the process dies. */
    readonly death: Effect.Effect<void>
    /** Lets a call of another port, such as the mailer, die with the process. */
    readonly mortal: <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>()("countersign/testkit/StorageFaults") {
  /** `storage` with faults; what it does not wrap is as it was. */
  static readonly layer = <E, R>(
    storage: Layer.Layer<StoragePorts, E, R>
  ): Layer.Layer<StoragePorts | StorageFaults, E, R> =>
    Layer.effectContext(
      Effect.gen(function* () {
        const { faults, guard, commitWith } = makeFaults()
        const ports = yield* Layer.build(storage)
        return ports.pipe(
          Context.add(StorageFaults, faults),
          Context.add(EventStore, faultyStore(Context.get(ports, EventStore), guard, commitWith)),
          Context.add(TaskQueue, faultyQueue(Context.get(ports, TaskQueue), guard)),
          Context.add(SenderDirectory, faultyDirectory(Context.get(ports, SenderDirectory), guard)),
          Context.add(MailBudget, { take: (request) => guard(Context.get(ports, MailBudget).take(request)) }),
          Context.add(Accounts, faultyAccounts(Context.get(ports, Accounts), guard)),
          Context.add(SigningKeys, { list: guard(Context.get(ports, SigningKeys).list) })
        )
      })
    )
}

type Guard = <A, E>(call: Effect.Effect<A, E>) => Effect.Effect<A, E | StorageUnavailable>
type StoreCommit = EventStore["Service"]["commit"]

const makeFaults = () => {
  const queued: Array<CommitFault> = []
  const batches: Array<number> = []
  let isBad: (commit: Commit) => boolean = () => false
  let held: { readonly arrived: Deferred.Deferred<void>; readonly released: Deferred.Deferred<void> } | undefined
  let refusals = 0
  let stepsLeft = Number.POSITIVE_INFINITY
  let dead = false
  const death = Deferred.makeUnsafe<void>()

  const step = Effect.suspend(() => {
    stepsLeft -= 1
    if (!dead && stepsLeft > 0) return Effect.void
    dead = true
    return Effect.andThen(Deferred.succeed(death, undefined), Effect.never)
  })

  const mortal = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.tap(Effect.andThen(step, call), step)

  const refuse = Effect.suspend(() => {
    if (refusals === 0) return Effect.void
    refusals -= 1
    return Effect.fail(new StorageUnavailable({ reason: "it is broken for a test" }))
  })

  const guard: Guard = (call) => mortal(Effect.andThen(refuse, call))

  const commitWith =
    (commit: StoreCommit): StoreCommit =>
    (batch) =>
      Effect.suspend(() => {
        batches.push(batch.length)
        if (batch.some(isBad)) return Effect.die(new Error("the storage cannot take this commit"))
        const wait = held === undefined ? Effect.void : arrive(held)
        held = undefined
        return Effect.andThen(wait, faulty(commit(batch), queued.shift() ?? "none"))
      })

  const faults = StorageFaults.of({
    nextCommits: (...more) => Effect.sync(() => void queued.push(...more)),
    poison: (bad) =>
      Effect.sync(() => {
        isBad = bad
      }),
    holdCommit: Effect.sync(() => {
      const arrived = Deferred.makeUnsafe<void>()
      const released = Deferred.makeUnsafe<void>()
      held = { arrived, released }
      return { arrived: Deferred.await(arrived), release: Effect.asVoid(Deferred.succeed(released, undefined)) }
    }),
    breakDown: (calls = Number.POSITIVE_INFINITY) =>
      Effect.sync(() => {
        refusals = calls
      }),
    restore: Effect.sync(() => {
      refusals = 0
    }),
    batches: Effect.sync(() => [...batches]),
    dieAt: (steps) =>
      Effect.sync(() => {
        stepsLeft = steps
      }),
    isDead: Effect.sync(() => dead),
    death: Deferred.await(death),
    mortal
  })
  return { faults, guard, commitWith }
}

const arrive = ({ arrived, released }: { arrived: Deferred.Deferred<void>; released: Deferred.Deferred<void> }) =>
  Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(released))

const faulty = (commit: ReturnType<StoreCommit>, fault: CommitFault): ReturnType<StoreCommit> => {
  switch (fault) {
    case "none":
      return commit
    case "refused":
      return Effect.fail(new StorageUnavailable({ reason: "it is full for a test" }))
    case "answer-lost":
      return Effect.andThen(commit, Effect.fail(new OutcomeUnknown({ reason: "the answer was lost for a test" })))
    case "request-lost":
      return Effect.fail(new OutcomeUnknown({ reason: "the request was lost for a test" }))
    case "defect":
      return Effect.die(new Error("the storage failed for a test"))
  }
}

const faultyStore = (
  store: EventStore["Service"],
  guard: Guard,
  commitWith: (commit: StoreCommit) => StoreCommit
): EventStore["Service"] => {
  const commit = commitWith(store.commit)
  return EventStore.of({
    commit: (batch) => guard(commit(batch)),
    readStream: (stream, after, limit) => guard(store.readStream(stream, after, limit)),
    readLog: (after, limit) => guard(store.readLog(after, limit)),
    receipt: (account, command) => guard(store.receipt(account, command)),
    head: guard(store.head),
    changes: store.changes
  })
}

const faultyQueue = (queue: TaskQueue["Service"], guard: Guard): TaskQueue["Service"] =>
  TaskQueue.of({
    put: (task) => guard(queue.put(task)),
    claim: (kinds, limit, lease) => guard(queue.claim(kinds, limit, lease)),
    renew: (claim, lease) => guard(queue.renew(claim, lease)),
    complete: (claim) => guard(queue.complete(claim)),
    retryAt: (claim, next) => guard(queue.retryAt(claim, next)),
    bury: (claim, error) => guard(queue.bury(claim, error)),
    find: (key) => guard(queue.find(key)),
    list: (query) => guard(queue.list(query)),
    revive: (id) => guard(queue.revive(id)),
    drop: (id) => guard(queue.drop(id))
  })

const faultyDirectory = (directory: SenderDirectory["Service"], guard: Guard): SenderDirectory["Service"] =>
  SenderDirectory.of({
    find: (account, sender) => guard(directory.find(account, sender)),
    current: (account, owner) => guard(directory.current(account, owner)),
    page: (query) => guard(directory.page(query)),
    count: (filter) => guard(directory.count(filter)),
    onDomain: (account, domain, after, limit) => guard(directory.onDomain(account, domain, after, limit))
  })

const faultyAccounts = (accounts: Accounts["Service"], guard: Guard): Accounts["Service"] =>
  Accounts.of({
    authenticate: (secret) => guard(accounts.authenticate(secret)),
    account: (id) => guard(accounts.account(id)),
    organization: (account, id) => guard(accounts.organization(account, id))
  })
