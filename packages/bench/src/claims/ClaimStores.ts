/**
 * Task queues of our adapters, filled past them: a million commits would take longer than what is measured.
 */
import type { TaskKind } from "@countersign/core"
import { TaskQueue } from "@countersign/engine"
import { PostgresStorage } from "@countersign/storage-postgres"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Effect, type Layer, ManagedRuntime, Redacted } from "effect"
import { openRawConnection } from "../raw/RawConnection.ts"
import { openRawDatabase } from "../raw/RawDatabase.ts"

/**
 * Tasks to begin with: evenly of these kinds, each a millisecond after the one before, all due or none within a day.
 */
export interface TaskFill {
  readonly count: number
  readonly kinds: ReadonlyArray<TaskKind>
  readonly due: boolean
}

export interface ClaimStore {
  /** Through the adapter; answers how many there were. */
  readonly claim: (kinds: ReadonlyArray<TaskKind>, most: number, lease: number) => Promise<number>
  /** Past the adapter: all that is claimed is done. */
  readonly completeAll: () => Promise<void>
  /** Clears away what is dead, as the server does by itself within a minute; absent where nothing stays behind. */
  readonly vacuum?: () => Promise<void>
  readonly close: () => Promise<void>
}

const day = 24 * 60 * 60 * 1_000

/** When the first task of a fill is due. */
const firstDue = ({ count, due }: TaskFill): number => (due ? Date.now() - count - 1_000 : Date.now() + day)

const openQueue = async <E>(storage: Layer.Layer<TaskQueue, E>) => {
  const runtime = ManagedRuntime.make(storage)
  const run = Effect.runPromiseWith(await runtime.context())
  const queue = await run(Effect.service(TaskQueue))
  return {
    claim: async (kinds: ReadonlyArray<TaskKind>, most: number, lease: number) =>
      (await run(queue.claim(kinds, most, lease))).tasks.length,
    close: () => runtime.dispose()
  }
}

/** The adapter makes the schema when it opens the store for the first time. */
const makeSchema = async <E>(storage: Layer.Layer<TaskQueue, E>): Promise<void> => {
  const { close } = await openQueue(storage)
  await close()
}

export const openSqliteTasks = async (file: string, fills: ReadonlyArray<TaskFill>): Promise<ClaimStore> => {
  const storage = SqliteStorage.layer({ file })
  await makeSchema(storage)
  const raw = openRawDatabase(file)
  const add = raw.db.prepare(`
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
    INSERT INTO tasks (kind, state, due, attempts, payload, fence)
      SELECT json_extract(:kinds, '$[' || (i % json_array_length(:kinds)) || ']'), 0, :first + i, 0, '{"sender":"x"}', 0 FROM n`)
  for (const fill of fills) {
    add.run({ count: fill.count, kinds: JSON.stringify(fill.kinds), first: firstDue(fill) })
  }
  raw.db.exec("UPDATE task_numbers SET last = (SELECT max(number) FROM tasks); PRAGMA wal_checkpoint(TRUNCATE)")
  const queue = await openQueue(storage)
  const complete = raw.db.prepare("DELETE FROM tasks WHERE state = 1")
  return {
    claim: queue.claim,
    completeAll: async () => {
      complete.run()
      raw.written()
    },
    close: async () => {
      await queue.close()
      await raw.close()
    }
  }
}

export const openPostgresTasks = async (url: string, fills: ReadonlyArray<TaskFill>): Promise<ClaimStore> => {
  const storage = PostgresStorage.layer({ url: Redacted.make(url) })
  await makeSchema(storage)
  const raw = await openRawConnection(url)
  for (const fill of fills) {
    const kinds = fill.kinds.map((kind) => `'${kind}'`).join(", ")
    await raw.query(`
      INSERT INTO countersign.tasks (kind, state, due, attempts, payload, fence)
        SELECT (ARRAY[${kinds}])[1 + i % ${fill.kinds.length}], 0, ${firstDue(fill)} + i, 0, '{"sender":"x"}', 0
        FROM generate_series(0, ${fill.count - 1}) AS i`)
  }
  const queue = await openQueue(storage)
  return {
    claim: queue.claim,
    completeAll: async () => {
      await raw.query("DELETE FROM countersign.tasks WHERE state = 1")
    },
    vacuum: async () => {
      await raw.query("VACUUM countersign.tasks")
    },
    close: async () => {
      await queue.close()
      await raw.close()
    }
  }
}
