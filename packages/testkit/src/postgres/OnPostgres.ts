/**
 * Tests on the real PostgreSQL, on every version that we promise: the same body once for the newest and once for the
 * oldest. A version that is not installed is one test that says so and is skipped.
 *
 * @example
 * ```ts
 * import { onPostgres } from "@countersign/testkit"
 *
 * onPostgres((postgres) => {
 *   it("answers", async () => {
 *     const { url } = await postgres.database()
 *   })
 * })
 * ```
 */
import { afterAll, describe, inject, it } from "vitest"
import { findPostgres, type PostgresMajor, postgresMajors } from "./Installation.ts"
import type { PostgresServer } from "./PostgresServer.ts"
import { sharedServer } from "./SharedServer.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Where the test run answers for its PostgreSQL servers. */
    readonly postgresServers: string
  }
}

/** A database of a test's own. */
export interface TestDatabase {
  readonly name: string
  /** As the owner of the database, who is no superuser. */
  readonly url: string
  readonly server: PostgresServer
}

/** The version that a body of tests runs on. */
export interface PostgresUnderTest {
  readonly major: PostgresMajor
  /**
   * The server of the run, which other files use at the same time: stop and freeze a PostgresCluster of your own
   * instead.
   */
  readonly server: () => Promise<PostgresServer>
  /** A new, empty database (or a copy of `template`). It is dropped when the tests of the body have ended. */
  readonly database: (template?: string) => Promise<TestDatabase>
  /** Drops a database of this body before that, so that hundreds of them do not fill the disk. */
  readonly drop: (database: TestDatabase) => Promise<void>
}

let counter = 0

const underTest = (major: PostgresMajor): PostgresUnderTest => {
  let asked: Promise<PostgresServer> | undefined
  const server = () => {
    asked ??= sharedServer(major, inject("postgresServers"))
    return asked
  }
  const made = new Set<TestDatabase>()
  const drop = async (database: TestDatabase) => {
    made.delete(database)
    await database.server.dropDatabase(database.name)
  }
  afterAll(async () => {
    for (const database of made) await drop(database)
  }, 120_000)
  return {
    major,
    server,
    database: async (template) => {
      const host = await server()
      // Many files and workers share the server.
      const name = `test_${process.pid}_${process.env.VITEST_WORKER_ID ?? 0}_${Date.now()}_${counter++}`
      const database = { name, url: await host.createDatabase(name, template), server: host }
      made.add(database)
      return database
    },
    drop
  }
}

/** Registers the tests of `body` once per version, in a block named after it. */
export const onPostgres = (body: (postgres: PostgresUnderTest) => void): void => {
  for (const major of postgresMajors) {
    const found = findPostgres(major)
    if ("reason" in found) it.todo(`NOT TESTED: ${found.reason}`)
    else describe(`on PostgreSQL ${found.version}`, () => body(underTest(major)))
  }
}
