/**
 * PgBouncer as a system package brings it, in front of a server: each transaction gets a session that another may have
 * had, and every session is emptied in between. It has fewer sessions than the store has connections.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { PostgresServer } from "@countersign/testkit/postgres"

export const pgbouncer = "/usr/sbin/pgbouncer"

export class Pooler {
  readonly #folder = mkdtempSync(join(tmpdir(), "countersign-pooler-"))
  #child: ChildProcess | undefined
  port = 0

  async start(server: PostgresServer): Promise<void> {
    this.port = await freePort()
    const { password } = new URL(server.url("postgres"))
    const users = join(this.#folder, "users.txt")
    const settings = join(this.#folder, "pgbouncer.ini")
    writeFileSync(users, `"countersign" "${password}"\n`)
    writeFileSync(
      settings,
      `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${this.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
server_reset_query_always = 1
server_reset_query = DISCARD ALL
ignore_startup_parameters = extra_float_digits
`
    )
    // Like PostgreSQL it refuses to be root.
    const account = accountOf("postgres") ?? accountOf("nobody")
    const root = process.getuid?.() === 0 && account !== undefined
    if (root) for (const path of [this.#folder, users, settings]) chownSync(path, account.uid, account.gid)
    this.#child = spawn(pgbouncer, [settings], { stdio: ["ignore", "ignore", "pipe"], ...(root ? account : {}) })
    await new Promise<void>((resolve, reject) => {
      let said = ""
      this.#child?.stderr?.setEncoding("utf8").on("data", (text: string) => {
        said += text
        if (said.includes("process up")) resolve()
      })
      this.#child?.once("exit", () => reject(new Error(said)))
    })
  }

  stop(): void {
    this.#child?.kill("SIGKILL")
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const accountOf = (name: string) => {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(":") ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
