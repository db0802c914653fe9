/**
 * Claims due tasks and runs them: leases renewed, failures retried with growing waits, buried after the last attempt.
 *
 * A handler says what becomes of its task; whatever it fails with counts as a failed attempt. At the end of the scope
 * nothing new is claimed, what runs may finish, and what does not finish in time is given back.
 */
import { type TaskKind, type TaskPayload, taskPayloads } from "@countersign/core"
import { Cause, Duration, Effect, Exit, Fiber, FiberSet, Latch, Random, Schedule, Schema, Stream } from "effect"
import { EventStore } from "../ports/EventStore.ts"
import { type ClaimedTask, LeaseLost, TaskQueue } from "../ports/TaskQueue.ts"
import { SlowPoll } from "../Settings.ts"

/** What becomes of a task after a run. Times are milliseconds since the epoch. */
export type Next =
  /** Done: gone, unless its key was put meanwhile. */
  | { readonly _tag: "Complete" }
  /** Already ended by the commit that settled it. */
  | { readonly _tag: "Settled" }
  /** To run again; not a failure. */
  | { readonly _tag: "Again"; readonly due: number; readonly payload?: unknown }
  /** Failed; tried again later, until the attempts are used up. */
  | { readonly _tag: "Failed"; readonly error: string }

/** A run of a task of kind `K`. */
export interface Run<K extends TaskKind> {
  readonly task: ClaimedTask
  readonly payload: TaskPayload<K>
  /** The storage's time of the claim. */
  readonly now: number
}

export interface Handler<K extends TaskKind> {
  readonly kind: K
  /** How many run at once in this process. */
  readonly concurrency: number
  /** Failed runs after which the task is buried. */
  readonly attempts: number
  readonly run: (run: Run<K>) => Effect.Effect<Next, { readonly message: string }>
  /** What to do when the task is given up, before it is buried. */
  readonly givenUp?: (run: Run<K>, error: string) => Effect.Effect<void, { readonly message: string }>
}

/** How long a claim is held without renewal, in milliseconds. */
const lease = 15_000
/** How long running tasks may take to finish when the process stops, in milliseconds. */
const drainTime = 10_000
/** Claims that fail are tried again with waits that double from 1 s to this, in milliseconds. */
const longestClaimWait = 30_000
const retryFirst = 10_000
const retryLongest = 60 * 60 * 1_000

/** Milliseconds to wait after the given number of failures: doubling from 10 s to an hour, less up to a fifth. */
export const retryWait = (failures: number, chance: number): number =>
  Math.round(Math.min(retryLongest, retryFirst * 2 ** Math.min(failures - 1, 20)) * (1 - 0.2 * chance))

/** Works on tasks of one kind until the scope ends. */
export const runTasks = Effect.fnUntraced(function* <K extends TaskKind>(handler: Handler<K>) {
  const queue = yield* TaskQueue
  const store = yield* EventStore
  const slowPoll = yield* SlowPoll
  const wake = yield* Latch.make()
  const running = yield* FiberSet.make()
  const decode = Schema.decodeUnknownEffect(taskPayloads[handler.kind])
  let stopping = false

  // Only the work itself can be interrupted: a fiber that is interrupted skips its own handlers, and the task would
  // stay leased.
  const runOne = (task: ClaimedTask, now: number) =>
    Effect.uninterruptibleMask((restore) =>
      restore(task.attempts < handler.attempts ? work(task, now) : Effect.succeed(workersDied(task))).pipe(
        Effect.exit,
        Effect.flatMap((exit) => conclude(task, now, exit)),
        Effect.catchTag("LeaseLost", () => Effect.logDebug("the lease of a task was lost", { task: task.task })),
        Effect.catchCause((cause) =>
          Effect.logWarning("a task's outcome could not be written; it runs again when its lease ends", cause)
        ),
        Effect.annotateLogs({ kind: task.kind, task: task.task })
      )
    )

  const work = (task: ClaimedTask, now: number) =>
    decode(task.payload).pipe(
      Effect.mapError(({ message }) => ({ message: `the payload cannot be read: ${message}` })),
      // The payload's schema is the one of this kind; TypeScript does not follow the key into the table.
      Effect.flatMap((payload) => handler.run({ task, payload: payload as TaskPayload<K>, now })),
      Effect.raceFirst(keepLease(task))
    )

  /** Renews until interrupted, and fails once the task belongs to another. */
  const keepLease = (task: ClaimedTask) =>
    queue.renew(task, lease).pipe(
      // A storage that is down for a moment costs no lease.
      Effect.retry({ while: ({ _tag }) => _tag === "StorageUnavailable", schedule: Schedule.spaced("1 second") }),
      Effect.catchTag("StorageUnavailable", () => Effect.void),
      Effect.delay(Duration.millis(lease / 3)),
      Effect.forever
    )

  const conclude = Effect.fnUntraced(function* (
    task: ClaimedTask,
    now: number,
    exit: Exit.Exit<Next, { readonly message: string }>
  ) {
    if (Exit.isSuccess(exit) && exit.value._tag !== "Failed") {
      const next = exit.value
      if (next._tag === "Complete") yield* queue.complete(task)
      if (next._tag === "Again") yield* queue.retryAt(task, { ...next, attempts: 0 })
      return
    }
    if (Exit.isFailure(exit)) {
      // Another has the task: what became of it is no longer ours to say.
      const failed = Cause.findErrorOption(exit.cause)
      if (failed._tag === "Some" && failed.value instanceof LeaseLost) return yield* failed.value
      if (stopping && Cause.hasInterruptsOnly(exit.cause)) {
        // The process stops: whoever comes next does it at once.
        return yield* queue.retryAt(task, { due: task.due, attempts: task.attempts })
      }
    }
    const error = Exit.isSuccess(exit) ? failureText(exit.value) : causeText(exit.cause)
    const failures = task.attempts + 1
    if (failures < handler.attempts) {
      // Once per task: an outage is told at its beginning, and not again with each attempt.
      if (failures === 1) yield* Effect.logWarning("a task failed and is tried again", { error: anonymous(error) })
      const chance = yield* Random.next
      return yield* queue.retryAt(task, { due: now + retryWait(failures, chance), attempts: failures, error })
    }
    yield* Effect.logError("a task is given up and buried", { error: anonymous(error) })
    if (handler.givenUp !== undefined) {
      const payload = yield* Effect.exit(decode(task.payload))
      if (Exit.isSuccess(payload)) {
        // Whatever it comes to: a task that is not buried now would be taken up for ever.
        yield* Effect.catchCause(
          handler.givenUp({ task, payload: payload.value as TaskPayload<K>, now }, error),
          (cause) => Effect.logWarning("what follows from giving up a task could not be done", cause)
        )
      }
    }
    yield* queue.bury(task, error)
  })

  /** Claims what there is room for, and answers how long to wait for more, in milliseconds. */
  const claim = Effect.gen(function* () {
    // Closed before the claim, so that whatever is put meanwhile opens it again.
    yield* Latch.close(wake)
    const room = handler.concurrency - (yield* FiberSet.size(running))
    if (room <= 0) return slowPoll
    const { tasks, nextDue, now } = yield* queue.claim([handler.kind], room, lease)
    for (const task of tasks) {
      const fiber = yield* FiberSet.run(running, runOne(task, now))
      // After the set's own observer: whoever is woken finds the room.
      fiber.addObserver(() => Latch.openUnsafe(wake))
    }
    if (tasks.length === room) return 0
    if (nextDue === undefined) return slowPoll
    return Math.min(slowPoll, Math.max(tasks.length > 0 ? 0 : 20, nextDue - now))
  })

  let failedClaims = 0
  const loop = claim.pipe(
    // What was claimed is run or given back: a stop does not come between.
    Effect.uninterruptible,
    Effect.tap(() => Effect.sync(() => (failedClaims = 0))),
    // An outage of hours is not worth a line of the log each second.
    Effect.catchCause((cause) => {
      const wait = Math.min(longestClaimWait, 1_000 * 2 ** failedClaims++)
      return Effect.as(Effect.logWarning("tasks cannot be claimed", cause), wait)
    }),
    Effect.flatMap((wait) => Effect.raceFirst(Latch.await(wake), Effect.sleep(Duration.millis(wait)))),
    Effect.forever
  )

  const hear = store.changes.pipe(
    Stream.runForEach(() => Latch.open(wake)),
    Effect.catchCause((cause) => Effect.logWarning("changes of the storage are not heard", cause)),
    Effect.andThen(Effect.sleep(Duration.millis(slowPoll))),
    Effect.forever
  )

  // Whatever still runs after that is interrupted when the set of fibers is closed, which comes next.
  yield* Effect.acquireRelease(Effect.all([Effect.forkDetach(loop), Effect.forkDetach(hear)]), (fibers) =>
    Effect.suspend(() => {
      stopping = true
      return Fiber.interruptAll(fibers).pipe(
        Effect.andThen(FiberSet.awaitEmpty(running)),
        Effect.timeoutOption(drainTime)
      )
    })
  )
})

/** Every take-over of a running task counts as a failed run: this one never came to its end. */
const workersDied = ({ attempts }: ClaimedTask): Next => ({
  _tag: "Failed",
  error: `its run did not come to an end, ${attempts} times`
})

/** Mail servers repeat the recipient in their answers; the log names nobody. */
const anonymous = (error: string): string => error.replaceAll(/[^\s<>@"']+@/g, "…@")

const failureText = (next: Next): string => (next._tag === "Failed" ? next.error : "")

const causeText = (cause: Cause.Cause<{ readonly message: string }>): string => {
  const failed = Cause.findErrorOption(cause)
  return failed._tag === "Some" ? failed.value.message : String(Cause.squash(cause))
}
