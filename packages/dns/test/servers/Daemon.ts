/**
 * A name server as a child process, in the foreground, with a port of loopback that it keeps when it is started again.
 * It is over when the scope closes or when this process ends, even by `kill -9`.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { createServer } from "node:net"
import { Effect, type Scope } from "effect"
import { until } from "./DirectQuestion.ts"
import { leashed, pathOf } from "./Programs.ts"

export const loopback = "127.0.0.1"

/** What it takes to run a server. */
export interface DaemonOptions {
  /** The path of the program. */
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly port: number
  /** Whether it answers as it should; asked again and again after the start. */
  readonly isReady: Effect.Effect<boolean>
}

export class Daemon {
  readonly port: number
  readonly #options: DaemonOptions
  #child: ChildProcess | undefined
  /** The end of what it wrote, for whoever has to find out why it did not start. */
  #said = ""

  private constructor(options: DaemonOptions) {
    this.#options = options
    this.port = options.port
  }

  /** Starts it, and waits until it is ready. */
  static readonly make = (options: DaemonOptions): Effect.Effect<Daemon, never, Scope.Scope> =>
    Effect.gen(function* () {
      const daemon = new Daemon(options)
      yield* Effect.addFinalizer(() => daemon.kill)
      yield* daemon.start
      return daemon
    })

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  get start(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { args, isReady, program } = this.#options
      // A group of its own, so that the children of a server end with it.
      const child = spawn(pathOf("setpriv"), leashed(program, args), {
        detached: true,
        stdio: ["ignore", "pipe", "pipe"]
      })
      this.#child = child
      this.#said = ""
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          this.#said = (this.#said + text).slice(-4_000)
        })
      }
      child.once("error", (cause) => {
        this.#said += cause.message
      })
      child.once("exit", () => {
        if (this.#child === child) this.#child = undefined
      })
      const ended = Effect.suspend(() => Effect.die(new Error(`${program} ended: ${this.#said}`)))
      return until(
        () => `${program} is ready; it wrote: ${this.#said}`,
        Effect.suspend(() => (this.isRunning ? isReady : ended))
      )
    })
  }

  /** Reads its zones again. */
  get reload(): Effect.Effect<void> {
    return Effect.sync(() => void this.#child?.kill("SIGHUP"))
  }

  /** Ends it at once, with its children; waits until it is gone. */
  get kill(): Effect.Effect<void> {
    return Effect.promise(async () => {
      const child = this.#child
      if (child?.pid === undefined) return
      const gone = once(child, "exit")
      try {
        process.kill(-child.pid, "SIGKILL")
      } catch {
        // It has just ended by itself.
      }
      await gone
    })
  }
}

/** A port that is free for UDP and TCP, below those that the system gives to outgoing packets. */
export const freePort: Effect.Effect<number> = Effect.promise(async () => {
  for (let turn = 0; turn < 200; turn++) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port
  }
  throw new Error("no port between 15000 and 30000 is free")
})

const isFreeForTcp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, loopback, () => server.close(() => resolve(true)))
  })

const isFreeForUdp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket("udp4")
    socket.once("error", () => resolve(false))
    socket.bind(port, loopback, () => socket.close(() => resolve(true)))
  })
