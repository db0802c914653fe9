/**
 * The queue of work that waits for its time: at least once, in the order of due times, by the storage's clock.
 *
 * Tasks are put by commits (what follows from an event) or by `put`. A worker claims a task for the time of a lease and
 * ends its run with `complete`, `retryAt` or `bury`, or by a commit that settles it. Every verb takes the fence of the
 * claim: one whose lease was given to another is told `LeaseLost`, and changes nothing.
 *
 * A key is a text that core makes (`probeKey`: `probe:<domain>:<account>`), at most some hundred characters long. An
 * adapter compares it as it is, and keeps it unique over the whole store: kind and account are part of the text where
 * they matter. A payload is any JSON value and means nothing to it.
 */
import type { NewTask, TaskId, TaskKind } from "@countersign/core"
import { Context, type Effect, type Option, Schema } from "effect"
import type { StorageUnavailable, TaskFence } from "./EventStore.ts"

/** Another holds the task now, or it is gone. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", { task: Schema.String }) {
  override get message(): string {
    return `the lease of task ${this.task} was lost`
  }
}

/** A task in the hands of a worker. Times are milliseconds since the epoch. */
export interface ClaimedTask extends TaskFence {
  readonly kind: TaskKind
  readonly key: string | undefined
  readonly due: number
  /** Runs that failed before this one, since it last succeeded or was put. */
  readonly attempts: number
  readonly payload: unknown
  /** When the run before this one began. */
  readonly lastRunAt: number | undefined
}

/** Tasks that the caller holds now, and when to claim again. */
export interface Claim {
  readonly tasks: ReadonlyArray<ClaimedTask>
  /** When the next task of these kinds is due or its lease ends; `undefined` when there is none. */
  readonly nextDue: number | undefined
  readonly now: number
}

/** A task as an operator sees it. */
export interface TaskRecord {
  readonly id: TaskId
  readonly kind: TaskKind
  readonly key: string | undefined
  readonly state: "waiting" | "running" | "buried"
  readonly due: number
  readonly attempts: number
  readonly payload: unknown
  readonly error: string | undefined
}

/** The port of the task queue: see the top of the file. */
export class TaskQueue extends Context.Service<
  TaskQueue,
  {
    /**
     * Puts a task outside of a commit. When there is a task of the same key, that one is moved earlier, never later,
     * and keeps the payload it has: the payload of the second put is dropped. While it runs, it will run again.
     */
    readonly put: (task: NewTask) => Effect.Effect<void, StorageUnavailable>
    /** Up to `limit` due tasks of these kinds, each leased to the caller for `lease` milliseconds. */
    readonly claim: (
      kinds: ReadonlyArray<TaskKind>,
      limit: number,
      lease: number
    ) => Effect.Effect<Claim, StorageUnavailable>
    readonly renew: (claim: TaskFence, lease: number) => Effect.Effect<void, LeaseLost | StorageUnavailable>
    /** Done: the task is gone, unless its key was put during the run: then it runs again. */
    readonly complete: (claim: TaskFence) => Effect.Effect<void, LeaseLost | StorageUnavailable>
    /**
     * Runs again at `due`, or sooner if its key was put during the run. `attempts` and, if given, `payload` and `error`
     * are what it then carries.
     */
    readonly retryAt: (
      claim: TaskFence,
      next: {
        readonly due: number
        readonly attempts: number
        readonly payload?: unknown
        readonly error?: string
      }
    ) => Effect.Effect<void, LeaseLost | StorageUnavailable>
    /**
     * Given up: kept for an operator to see, and never claimed until it is revived. A put of its key revives it
     * too.
     */
    readonly bury: (claim: TaskFence, error: string) => Effect.Effect<void, LeaseLost | StorageUnavailable>
    /** The live or buried task of the key. */
    readonly find: (key: string) => Effect.Effect<Option.Option<TaskRecord>, StorageUnavailable>
    /** For operators: tasks in order of id, after the given one. */
    readonly list: (query: {
      readonly state?: TaskRecord["state"]
      readonly kind?: TaskKind
      readonly after?: string
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<TaskRecord>, StorageUnavailable>
    /** For operators: makes a buried task due now with no failed attempts. False when there is no such buried task. */
    readonly revive: (id: string) => Effect.Effect<boolean, StorageUnavailable>
    /** For operators: deletes a task, whatever its state. False when there is no such task. */
    readonly drop: (id: string) => Effect.Effect<boolean, StorageUnavailable>
  }
>()("countersign/TaskQueue") {}
