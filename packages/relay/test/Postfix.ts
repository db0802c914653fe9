/**
 * Postfix with a configuration, a queue and a port of its own, whose way out is a relay. It takes mail by SMTP from
 * this machine.
 */
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { getuid } from "node:process"
import { Effect } from "effect"
import { dial } from "./RawClient.ts"

/** Debian's programs; only root may start them. */
export const hasPostfix = existsSync("/usr/sbin/postfix") && getuid?.() === 0

const services = (port: number) => `
127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
`

const settings = (folder: string, relay: number, login: string) => `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/log
maillog_file_prefixes = ${folder}
myhostname = postfix.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.1]:${relay}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = static:${login}
smtp_sasl_security_options = noanonymous
notify_classes =
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
`

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0)))
  })
})

/** Starts it, until the scope closes, and gives its port. What waits in its queue it tries every second. */
export const startPostfix = Effect.fnUntraced(function* (relay: number, login: string) {
  const port = yield* freePort
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const made = mkdtempSync(join(tmpdir(), "relay-postfix-"))
      // Postfix reads in it as a user of its own.
      chmodSync(made, 0o755)
      return made
    }),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const postfix = (...args: ReadonlyArray<string>) => spawnSync("/usr/sbin/postfix", ["-c", folder, ...args])
  yield* Effect.sync(() => {
    writeFileSync(join(folder, "main.cf"), settings(folder, relay, login))
    writeFileSync(join(folder, "master.cf"), services(port))
    const owner = Number(spawnSync("id", ["-u", "postfix"]).stdout.toString())
    for (const name of ["queue", "data"]) mkdirSync(join(folder, name))
    chownSync(join(folder, "data"), owner, -1)
  })
  const master = yield* Effect.acquireRelease(
    Effect.sync(() => spawn("/usr/sbin/postfix", ["-c", folder, "start-fg"], { stdio: "ignore" })),
    (child) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        postfix("abort")
      })
  )
  const greeting = Effect.scoped(Effect.map(dial(port), (client) => client.greeting))
  while ((yield* greeting) === "closed") {
    if (master.exitCode !== null) return yield* Effect.die(readFileSync(join(folder, "log"), "utf8"))
  }
  return port
})
