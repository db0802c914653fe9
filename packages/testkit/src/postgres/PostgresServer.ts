/**
 * A running PostgreSQL as tests use it: databases are made in it and dropped, and connections to it cut. Whoever may
 * also stop it has a PostgresCluster; a test that shares it with others has only this.
 */
import { type Login, simpleQuery } from "./SimpleQuery.ts"

/** Where a server is. Plain data, so that a process can tell another. */
export interface PostgresAddress {
  /** `18.4`. */
  readonly version: string
  readonly port: number
  readonly password: string
}

/** The role that owns the databases of the tests: no superuser, as in production. */
const owner = "countersign"
const superuser = "postgres"

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A server on 127.0.0.1 to make databases in. */
export class PostgresServer {
  readonly version: string
  readonly port: number
  readonly #password: string

  constructor(address: PostgresAddress) {
    this.version = address.version
    this.port = address.port
    this.#password = address.password
  }

  /** What another process needs to use the same server: `new PostgresServer(address)`. */
  get address(): PostgresAddress {
    return { version: this.version, port: this.port, password: this.#password }
  }

  /**
   * `postgres://...` of a database, as its owner `countersign`, or as the superuser when asked. Both have the same
   * password.
   */
  url(database: string, as: "owner" | "superuser" = "owner"): string {
    const user = as === "owner" ? owner : superuser
    return `postgres://${user}:${this.#password}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`
  }

  /** Runs one statement as the superuser, in the database `postgres`; rows as text. For what the owner may not do. */
  execute(statement: string): Promise<ReadonlyArray<ReadonlyArray<string | null>>> {
    const login: Login = { port: this.port, user: superuser, password: this.#password, database: "postgres" }
    return simpleQuery(login, statement)
  }

  /** Makes an empty database (or a copy of `template`, to which nobody may be connected) and answers its URL. */
  async createDatabase(name: string, template = "template1"): Promise<string> {
    await this.execute(`CREATE DATABASE ${quoted(name)} OWNER ${owner} TEMPLATE ${quoted(template)}`)
    return this.url(name)
  }

  /** Drops a database with everybody who is connected to it. Does nothing when it is gone already. */
  async dropDatabase(name: string): Promise<void> {
    await this.execute(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`)
  }

  /** Ends every connection to a database, as an administrator or a fail-over does; answers how many there were. */
  async terminateBackends(database: string): Promise<number> {
    const ended = await this.execute(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = ${literal(database)}`
    )
    return ended.length
  }

  /** Makes the role that owns the databases; once, by who has started the server. */
  async prepare(): Promise<void> {
    await this.execute(`CREATE ROLE ${owner} LOGIN PASSWORD ${literal(this.#password)}`)
  }
}
