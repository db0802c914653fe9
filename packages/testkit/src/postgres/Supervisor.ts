/**
 * The program that PostgresCluster starts beside itself: it owns the folder and the postmaster, and outlives whoever
 * started it just long enough to remove both. Its standard input is the string that ties them: when that ends, for
 * whatever reason (a normal end, Ctrl-C, kill -9), PostgreSQL is stopped and the folder is gone a moment later.
 *
 * One JSON object per line. The first says what to run; then `{"run":"start"|"stop"|"crash"|"pause"|"resume"}`, each
 * answered by one line `{"ok":...}`. It runs in a session of its own, so that the terminal's Ctrl-C does not reach it.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { chownSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"

/** The first line: what PostgresCluster wants to run. */
export interface Assignment {
  readonly programs: string
  readonly password: string
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
  /** Settings of the server, as for `-c`. */
  readonly settings: Readonly<Record<string, string>>
}

/** What is answered to each line. */
export type Answer =
  | { readonly ok: true; readonly port: number; readonly folder: string }
  | { readonly ok: false; readonly why: string }

const patience = 30_000

const freePort = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

/**
 * A port below those that the system gives to outgoing connections, so that none takes it while the server restarts.
 */
const choosePort = async (): Promise<number> => {
  for (let turn = 0; turn < 200; turn++) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    if (await freePort(port)) return port
  }
  throw new Error("no port between 15000 and 30000 is free")
}

/** The postmaster and its backends. Backends are sessions of their own, so no signal to a group reaches them all. */
const family = (postmaster: number): ReadonlyArray<number> => {
  const parents = (): ReadonlyArray<readonly [number, number]> => {
    if (process.platform !== "linux") {
      const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n")
      return lines.map((line) => line.trim().split(/\s+/).map(Number)).map(([pid = 0, parent = 0]) => [pid, parent])
    }
    return readdirSync("/proc").flatMap((name) => {
      if (!/^\d+$/.test(name)) return []
      try {
        // The name, in parentheses, may hold spaces; what follows it does not.
        const fields = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
        return [[Number(name), Number(fields[1])] as const]
      } catch {
        return []
      }
    })
  }
  return [postmaster, ...parents().flatMap(([pid, parent]) => (parent === postmaster ? [pid] : []))]
}

const signal = (pid: number, name: NodeJS.Signals) => {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

class Server {
  readonly #assignment: Assignment
  readonly folder = mkdtempSync(join(tmpdir(), "countersign-postgres-"))
  port = 0
  #programs: string
  #process: ChildProcess | undefined
  #said = ""

  constructor(assignment: Assignment) {
    this.#assignment = assignment
    this.#programs = assignment.programs
  }

  #run(program: string, ...args: ReadonlyArray<string>) {
    return spawnSync(join(this.#programs, program), args, {
      ...this.#assignment.account,
      cwd: this.folder,
      encoding: "utf8"
    })
  }

  /** Makes the cluster's files. */
  make() {
    const { account, password } = this.#assignment
    const secret = join(this.folder, "password")
    writeFileSync(secret, password, { mode: 0o600 })
    if (account !== undefined) {
      for (const path of [this.folder, secret]) chownSync(path, account.uid, account.gid)
      // A checkout below a folder that is closed to the account, such as /root.
      if (this.#run("initdb", "--version").status !== 0) {
        const copy = join(this.folder, "native")
        cpSync(dirname(this.#programs), copy, { recursive: true, verbatimSymlinks: true })
        this.#programs = join(copy, "bin")
      }
    }
    const made = this.#run(
      "initdb",
      ...["-D", join(this.folder, "data"), "-U", "postgres", `--pwfile=${secret}`, "--auth=scram-sha-256"],
      ...["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    )
    if (made.status !== 0) throw new Error(`initdb failed in ${this.folder}: ${made.error?.message ?? made.stderr}`)
    // The harness itself asks in the database postgres, where it needs no more than a password over loopback.
    writeFileSync(
      join(this.folder, "data", "pg_hba.conf"),
      "host postgres postgres 127.0.0.1/32 password\nhost all all 127.0.0.1/32 scram-sha-256\n"
    )
  }

  async start() {
    if (this.#process !== undefined) return
    const first = this.port === 0
    for (let turn = 0; ; turn++) {
      if (first) this.port = await choosePort()
      const why = await this.#startOnce()
      if (why === undefined) return
      if (turn === 5 || !first || !/could not bind/.test(why)) throw new Error(`PostgreSQL did not start: ${why}`)
    }
  }

  /** Undefined, or why it did not start. */
  #startOnce(): Promise<string | undefined> {
    const settings = { ...this.#assignment.settings, port: String(this.port) }
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const child = spawn(join(this.#programs, "postgres"), ["-D", join(this.folder, "data"), ...args], {
      ...this.#assignment.account,
      cwd: this.folder,
      env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "ignore", "pipe"]
    })
    this.#process = child
    return new Promise((resolve) => {
      const late = setTimeout(() => child.kill("SIGQUIT"), patience)
      this.#said = ""
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        this.#said = (this.#said + text).slice(-10_000)
        if (!/ready to accept connections/.test(this.#said)) return
        clearTimeout(late)
        resolve(undefined)
      })
      child.once("error", (cause) => resolve(cause.message))
      child.once("close", () => {
        clearTimeout(late)
        if (this.#process === child) this.#process = undefined
        resolve(this.#said)
      })
    })
  }

  /** Ends it by a signal, and surely: what does not end by itself is killed. */
  async end(how: "SIGINT" | "SIGQUIT" | "SIGKILL") {
    const child = this.#process
    const { pid } = child ?? {}
    if (child === undefined || pid === undefined) return
    const closed = new Promise<void>((resolve) => {
      child.once("close", () => resolve())
    })
    const all = family(pid)
    if (how === "SIGKILL") for (const each of all) signal(each, how)
    else {
      signal(pid, how)
      for (const each of all) signal(each, "SIGCONT")
    }
    const late = setTimeout(() => {
      for (const each of family(pid)) signal(each, "SIGKILL")
    }, patience / 3)
    await closed
    clearTimeout(late)
  }

  signalAll(name: "SIGSTOP" | "SIGCONT") {
    const pid = this.#process?.pid
    if (pid === undefined) return
    // The postmaster first, or it starts a backend behind our back; and twice, for one that it was just starting.
    signal(pid, name)
    for (const turn of [1, 2]) for (const each of family(pid).slice(turn - 1)) signal(each, name)
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const answer = (value: Answer) => process.stdout.write(`${JSON.stringify(value)}\n`)

const main = async () => {
  // Nobody reads any more once our owner is gone; that must not keep us from cleaning up.
  process.stdout.on("error", () => undefined)
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => process.stdin.destroy())
  let server: Server | undefined
  const perform = async (line: string) => {
    const message: unknown = JSON.parse(line)
    if (server === undefined) {
      // Written by PostgresCluster, of the same package.
      server = new Server(message as Assignment)
      server.make()
      return server.start()
    }
    const { run } = message as { readonly run: string }
    if (run === "start") await server.start()
    else if (run === "stop") await server.end("SIGINT")
    else if (run === "crash") await server.end("SIGKILL")
    else if (run === "pause") server.signalAll("SIGSTOP")
    else if (run === "resume") server.signalAll("SIGCONT")
    else throw new Error(`there is no command ${run}`)
  }
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      try {
        await perform(line)
        answer({ ok: true, port: server?.port ?? 0, folder: server?.folder ?? "" })
      } catch (cause) {
        answer({ ok: false, why: cause instanceof Error ? cause.message : String(cause) })
      }
    }
  } catch {
    // The input was destroyed by a signal: the end, as below.
  }
  await server?.end("SIGQUIT")
  server?.remove()
}

if (process.argv[1] === import.meta.filename) await main()
