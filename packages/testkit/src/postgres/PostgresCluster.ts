/**
 * A PostgreSQL of one's own, from nothing, in about a second: for tests that stop, kill or freeze the server, and for
 * benchmarks. Tests that only need a database share a server instead (OnPostgres).
 *
 * The files lie in the system's temporary folder, the server listens on 127.0.0.1 only, with a random password, and is
 * durable (`fsync` and `synchronous_commit` on). When this process ends, in whatever way, server and files go with it:
 * see Supervisor.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { extname } from "node:path"
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import { findPostgres, type PostgresMajor, unprivilegedAccount } from "./Installation.ts"
import { type PostgresAddress, PostgresServer } from "./PostgresServer.ts"
import type { Answer, Assignment } from "./Supervisor.ts"

/** How a cluster is made. */
export interface ClusterOptions {
  /** 18 unless said. */
  readonly major?: PostgresMajor
  /** Settings of the server in place of ours, by name. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Durable as in production, and small. */
const ourSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  shared_buffers: "64MB",
  max_connections: "200",
  // The default leaves files in /dev/shm when the server is killed.
  dynamic_shared_memory_type: "mmap",
  timezone: "UTC",
  log_timezone: "UTC"
}

type Child = ChildProcessByStdio<Writable, Readable, null>

/** The lines between us and the supervisor: one question at a time, one answer each. */
class Line {
  readonly #child: Child
  readonly #answers: AsyncIterator<string>
  #turn: Promise<unknown> = Promise.resolve()
  readonly ended: Promise<void>

  constructor(child: Child) {
    this.#child = child
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this.ended = new Promise((resolve) => {
      child.once("close", () => resolve())
    })
    // Writing to a supervisor that is gone: the missing answer says so.
    child.stdin.on("error", () => undefined)
  }

  ask(message: unknown): Promise<Extract<Answer, { ok: true }>> {
    const asked = this.#turn.then(async () => {
      this.#child.stdin.write(`${JSON.stringify(message)}\n`)
      const { value, done } = await this.#answers.next()
      if (done === true) throw new Error("the supervisor of PostgreSQL is gone")
      // Written by Supervisor, of the same package.
      const answer = JSON.parse(value) as Answer
      if (!answer.ok) throw new Error(answer.why)
      return answer
    })
    this.#turn = asked.catch(() => undefined)
    return asked
  }
}

/** A server that its user controls. Close it (`await using` does), or let the process end. */
export class PostgresCluster extends PostgresServer {
  /** The folder of its files. */
  readonly folder: string
  readonly #child: Child
  readonly #line: Line

  private constructor(address: PostgresAddress, folder: string, child: Child, line: Line) {
    super(address)
    this.folder = folder
    this.#child = child
    this.#line = line
  }

  /** Makes and starts a cluster. Rejects with a sentence when PostgreSQL of this version is not here. */
  static async make({ major = 18, settings = {} }: ClusterOptions = {}): Promise<PostgresCluster> {
    const found = findPostgres(major)
    if ("reason" in found) throw new Error(found.reason)
    // Beside this file, compiled or not.
    const program = fileURLToPath(new URL("./Supervisor.ts", import.meta.url)).replace(
      /\.ts$/,
      extname(import.meta.url)
    )
    const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"], detached: true })
    const line = new Line(child)
    const password = randomBytes(12).toString("hex")
    const account = unprivilegedAccount()
    const assignment: Assignment = {
      programs: found.programs,
      password,
      account,
      settings: { ...ourSettings, ...settings }
    }
    try {
      const { port, folder } = await line.ask(assignment)
      const cluster = new PostgresCluster({ version: found.version, port, password }, folder, child, line)
      await cluster.prepare()
      return cluster
    } catch (cause) {
      child.stdin.end()
      await line.ended
      throw cause
    }
  }

  /** Stops it: connections are cut and nothing committed is lost. Its port stays its own. */
  async stop(): Promise<void> {
    await this.#line.ask({ run: "stop" })
  }

  /** Kills it with all its processes at once (SIGKILL); the next start recovers from the log. */
  async crash(): Promise<void> {
    await this.#line.ask({ run: "crash" })
  }

  /** Starts it again after `stop` or `crash`, on the same port. */
  async start(): Promise<void> {
    await this.#line.ask({ run: "start" })
  }

  /** Freezes all its processes (SIGSTOP): connections stay and nothing answers. */
  async pause(): Promise<void> {
    await this.#line.ask({ run: "pause" })
  }

  /** Lets it go on after `pause`. */
  async resume(): Promise<void> {
    await this.#line.ask({ run: "resume" })
  }

  /** Stops it, whatever it does, and removes its files. */
  async close(): Promise<void> {
    this.#child.stdin.end()
    await this.#line.ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
