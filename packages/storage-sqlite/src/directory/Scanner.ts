/**
 * Asks the directory's long questions on a thread (`ScanThread.ts`), one at a time, the accounts in turn: one account's
 * long lists make another's wait for two of them at most, not for all.
 *
 * The thread starts with the first such question: a store whose lists are short never has one.
 */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { StorageUnavailable } from "@countersign/engine"
import type { Row } from "@countersign/engine/storage"
import { Effect, PartitionedSemaphore, type Scope } from "effect"
import { refuse } from "../connection/BusyRetry.ts"
import { outOfBundle, threadProgram } from "../connection/ThreadProgram.ts"
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

/** The question that the thread is at. */
interface Walk {
  readonly onRows: (rows: ReadonlyArray<Row>) => void
  readonly onEnd: (outcome: Effect.Effect<void, StorageUnavailable>) => void
  /** Told once the thread is free again, when nobody waits for the rows any more. */
  onLeft: (() => void) | undefined
}

const scanProgram = threadProgram(new URL("./ScanThread.js", import.meta.url), "ScanThread")

/**
 * Lasts as long as the scope. Without the thread's program a store is not opened: it would fail once its lists are
 * long.
 */
export const makeScanner = Effect.fnUntraced(function* (
  file: string,
  cacheKilobytes: number,
  program: URL = scanProgram
): Effect.fn.Return<Scanner, StorageUnavailable, Scope.Scope> {
  if (!existsSync(program)) return yield* new StorageUnavailable({ reason: missing(program) })
  const { walk } = yield* Effect.acquireRelease(
    Effect.sync(() => makeThread(() => startThread(program, file, cacheKilobytes))),
    ({ close }) => Effect.promise(close)
  )
  // Partitions take their turns: an account's next question lets another account's go first.
  const turns = yield* PartitionedSemaphore.make<string>({ permits: 1 })
  return { scan: (account, search, decode) => turns.withPermits(account, 1)(walk(search, decode)) }
})

const missing = (program: URL): string => `the file ${fileURLToPath(program)} is missing: ${outOfBundle}`

const closed = Effect.fail(new StorageUnavailable({ reason: "the database is being closed" }))

const makeThread = (start: () => Worker) => {
  let running: Walk | undefined
  let thread: Worker | undefined
  let isClosed = false

  const order = (what: ScanOrder) => thread?.postMessage(what)

  const end = (outcome: Effect.Effect<void, StorageUnavailable>): void => {
    const walk = running
    running = undefined
    // A program is kept alive for an answer, not for the thread.
    thread?.unref()
    if (walk?.onLeft === undefined) walk?.onEnd(outcome)
    else walk.onLeft()
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
    const walk = running
    if (walk === undefined) return
    if (answer._tag === "Failed") {
      end(refuse(Object.assign(new Error(answer.message), { errcode: answer.errcode })))
      return
    }
    try {
      if (walk.onLeft === undefined) walk.onRows(answer.rows)
    } catch (cause) {
      if (!answer.last) order({ _tag: "Leave" })
      end(refuse(cause))
      return
    }
    // In another turn of the event loop, whatever the thread has ready by now.
    if (answer.last) end(Effect.void)
    else setImmediate(() => goOn(walk))
  }

  const goOn = (walk: Walk): void => {
    if (running !== walk) return
    order({ _tag: walk.onLeft === undefined ? "GoOn" : "Leave" })
    if (walk.onLeft !== undefined) end(Effect.void)
  }

  /** One question, while no other is asked. */
  const walk = <A>(search: Search, decode: (row: Row) => A) =>
    Effect.callback<ReadonlyArray<A>, StorageUnavailable>((resume) => {
      if (isClosed) return resume(closed)
      try {
        thread ??= started()
      } catch (cause) {
        // The system has no thread left to give, say.
        const reason = "the thread of long lists cannot be started"
        return resume(Effect.fail(new StorageUnavailable({ reason, cause })))
      }
      const found: Array<A> = []
      const own: Walk = {
        onRows: (rows) => {
          for (const row of rows) found.push(decode(row))
        },
        onEnd: (outcome) => resume(Effect.as(outcome, found)),
        onLeft: undefined
      }
      running = own
      thread.ref()
      order({ _tag: "Begin", ...search })
      // The thread answers once more, and is free for the next question then.
      return Effect.callback<void>((left) => {
        if (running === own) own.onLeft = () => left(Effect.void)
        else left(Effect.void)
      })
    })

  return {
    walk,
    close: async (): Promise<void> => {
      isClosed = true
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
