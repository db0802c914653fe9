/**
 * Asks the directory's long questions on a thread (`ScanThread.ts`), one at a time, the accounts in turn: one account's
 * long lists make another's wait for one of them, not for all.
 *
 * The thread starts with the first such question: a store whose lists are short never has one.
 */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { StorageUnavailable } from "@countersign/engine"
import type { Row } from "@countersign/engine/storage"
import { Effect, type Scope } from "effect"
import { outOfBundle } from "../connection/Bundle.ts"
import { refuse } from "../connection/BusyRetry.ts"
import type { ScanAnswer, ScanOrder } from "./ScanThread.ts"
import type { Search } from "./SenderSearch.ts"

export interface Scanner {
  /**
   * All rows of one statement, and so of one moment, each decoded. Between any hundred of them other work runs. A
   * caller that is interrupted leaves the queue; a walk under way goes on for up to a hundred rows more.
   */
  readonly scan: <A>(
    account: string,
    search: Search,
    decode: (row: Row) => A
  ) => Effect.Effect<ReadonlyArray<A>, StorageUnavailable>
}

interface Job {
  readonly account: string
  readonly search: Search
  readonly onRows: (rows: ReadonlyArray<Row>) => void
  readonly onEnd: (outcome: Effect.Effect<void, StorageUnavailable>) => void
}

/**
 * The program of the thread. The name is written out, so that bundlers and tracers of files see that it is needed; run
 * from the sources, this module is TypeScript, and so is the thread.
 */
const built = new URL("./ScanThread.js", import.meta.url)
const threadProgram = import.meta.url.endsWith(".ts") ? new URL(built.href.replace(/js$/, "ts")) : built

/**
 * Lasts as long as the scope. Without the thread's program a store is not opened: it would fail once its lists are
 * long.
 */
export const makeScanner = (
  file: string,
  cacheKilobytes: number,
  program: URL = threadProgram
): Effect.Effect<Scanner, StorageUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() =>
      existsSync(program)
        ? Effect.succeed(makeJobs(() => startThread(program, file, cacheKilobytes)))
        : Effect.fail(new StorageUnavailable({ reason: missing(program) }))
    ),
    ({ close }) => Effect.promise(close)
  ).pipe(
    Effect.map(({ add, leave }) => ({
      scan: <A>(account: string, search: Search, decode: (row: Row) => A) =>
        Effect.callback<ReadonlyArray<A>, StorageUnavailable>((resume) => {
          const found: Array<A> = []
          const job: Job = {
            account,
            search,
            onRows: (rows) => {
              for (const row of rows) found.push(decode(row))
            },
            onEnd: (outcome) => resume(Effect.as(outcome, found))
          }
          add(job)
          return Effect.sync(() => leave(job))
        })
    }))
  )

const missing = (program: URL): string => `the file ${fileURLToPath(program)} is missing: ${outOfBundle}`

const closed = Effect.fail(new StorageUnavailable({ reason: "the database is being closed" }))

const makeJobs = (start: () => Worker) => {
  /** By account; who waits longest comes first. */
  const waiting = new Map<string, Array<Job>>()
  /** The account whose question was begun last: its next one lets another's go first. */
  let served = ""
  /** Whose callers do not wait any more. */
  const left = new WeakSet<Job>()
  let running: Job | undefined
  let thread: Worker | undefined
  let isClosed = false

  const order = (what: ScanOrder) => thread?.postMessage(what)

  const take = (): Job | undefined => {
    while (waiting.size > 0) {
      const account = [...waiting.keys()].find((other) => other !== served) ?? served
      const jobs = waiting.get(account) ?? []
      const job = jobs.shift()
      // Set anew, it comes behind the others.
      waiting.delete(account)
      if (jobs.length > 0) waiting.set(account, jobs)
      if (job === undefined) continue
      served = account
      return job
    }
    return undefined
  }

  const next = (): void => {
    if (running !== undefined) return
    running = take()
    // A program is kept alive for an answer, not for the thread.
    if (running === undefined) {
      thread?.unref()
      return
    }
    try {
      thread ??= started()
    } catch (cause) {
      // The system has no thread left to give, say. Whoever waits is told in a turn of its own, however many they are.
      const reason = "the thread of long lists cannot be started"
      setImmediate(() => end(Effect.fail(new StorageUnavailable({ reason, cause }))))
      return
    }
    thread.ref()
    order({ _tag: "Begin", ...running.search })
  }

  const end = (outcome: Effect.Effect<void, StorageUnavailable>): void => {
    const job = running
    running = undefined
    job?.onEnd(outcome)
    if (!isClosed) next()
  }

  const started = (): Worker => {
    const worker = start()
    let cause: unknown
    // `exit` follows, and whoever waits is told then. The next question starts another thread.
    worker.on("error", (error) => {
      cause = error
    })
    worker.once("exit", () => {
      if (thread === worker) thread = undefined
      end(isClosed ? closed : Effect.fail(new StorageUnavailable({ reason: "the thread of long lists ended", cause })))
    })
    worker.on("message", heard)
    return worker
  }

  const heard = (answer: ScanAnswer): void => {
    const job = running
    if (job === undefined) return
    if (answer._tag === "Failed") {
      end(refuse(Object.assign(new Error(answer.message), { errcode: answer.errcode })))
      return
    }
    try {
      if (!left.has(job)) job.onRows(answer.rows)
    } catch (cause) {
      if (!answer.last) order({ _tag: "Leave" })
      end(refuse(cause))
      return
    }
    // In another turn of the event loop, whatever the thread has ready by now.
    if (answer.last) end(Effect.void)
    else setImmediate(() => goOn(job))
  }

  const goOn = (job: Job): void => {
    if (running !== job) return
    order({ _tag: left.has(job) ? "Leave" : "GoOn" })
    if (left.has(job)) end(Effect.void)
  }

  return {
    add: (job: Job): void => {
      if (isClosed) {
        job.onEnd(closed)
        return
      }
      const jobs = waiting.get(job.account)
      if (jobs === undefined) waiting.set(job.account, [job])
      else jobs.push(job)
      next()
    },
    leave: (job: Job): void => {
      const jobs = waiting.get(job.account)
      const index = jobs?.indexOf(job) ?? -1
      if (index >= 0) jobs?.splice(index, 1)
      // When it is under way, the thread answers once more.
      left.add(job)
    },
    close: async (): Promise<void> => {
      isClosed = true
      for (let job = take(); job !== undefined; job = take()) job.onEnd(closed)
      const worker = thread
      if (worker === undefined) return
      worker.ref()
      const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()))
      order({ _tag: "Close" })
      await exited
    }
  }
}

const startThread = (program: URL, file: string, cacheKilobytes: number): Worker =>
  new Worker(program, { workerData: { file, cacheKilobytes }, execArgv: [], name: "scan" })
