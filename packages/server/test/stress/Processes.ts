/**
 * The processes of a stressed installation: real `node` processes, each with a mail server of its own to send to, so
 * that every mail tells which life of which process sent it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { SmtpSink } from "@countersign/sandbox"
import type { Sending } from "@countersign/testkit"
import { Effect, type Scope } from "effect"
import type { Act, Answer } from "./Act.ts"
import type { ProcessSettings } from "./Installation.ts"

const program = fileURLToPath(new URL("./process.main.ts", import.meta.url))

/** A mail as it was taken, in the order of taking. */
export interface Mail {
  readonly life: Life
  readonly messageId: string
  readonly to: string
  readonly text: string
  /** Of its verification link; undefined in other mails. */
  readonly token: string | undefined
}

/** An answer, and when it was known in the process that gave it. */
export interface TimedAnswer {
  readonly answer: Answer
  readonly at: number
}

/** One life of a process, from its start to its end. */
export interface Life {
  readonly number: number
  readonly process: ChildProcess
  /** Undefined when the process ended before it answered. */
  readonly ask: (act: Act) => Promise<Answer | undefined>
  /** The same with the time of the answer, in nanoseconds by the machine's clock. */
  readonly askTimed: (act: Act) => Promise<TimedAnswer | undefined>
  /** Every mail that it began to send, with times by the same clock. */
  readonly sendings: ReadonlyArray<Sending>
  readonly ready: Promise<void>
  readonly ended: Promise<void>
  /** How it ended. */
  end: "killed" | "stopped" | undefined
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
  /** What it logged: warnings and errors. */
  readonly log: () => string
}

/** Starts lives and keeps all mail. */
export interface Processes {
  /** `onMail` runs when a mail of this life has been taken and before the process is told so. */
  readonly start: (clockOffset: number, onMail?: (mail: Mail) => void) => Promise<Life>
  readonly lives: ReadonlyArray<Life>
  readonly mails: ReadonlyArray<Mail>
}

export const makeProcesses = (
  shared: Pick<ProcessSettings, "store" | "dns">
): Effect.Effect<Processes, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Scope.Scope>()
    const lives: Array<Life> = []
    const mails: Array<Mail> = []
    yield* Effect.addFinalizer(() => Effect.promise(() => Promise.all(lives.map((life) => life.kill()))))

    const start = async (clockOffset: number, onMail?: (mail: Mail) => void): Promise<Life> => {
      let life: Life | undefined
      const sink = await Effect.runPromiseWith(context)(
        SmtpSink.make({
          maxMessages: 1,
          onMessage: ({ messageId, to, text }) =>
            Effect.sync(() => {
              if (life === undefined) return
              const mail = { life, messageId, to: to.join(), text, token: /\/verify\/(\S+)/.exec(text)?.[1] }
              mails.push(mail)
              onMail?.(mail)
            })
        })
      )
      life = startLife(lives.length, { ...shared, smtp: `smtp://${sink.address}`, clockOffset })
      lives.push(life)
      return life
    }
    return { start, lives, mails }
  })

const startLife = (number: number, settings: ProcessSettings): Life => {
  const child = spawn(process.execPath, ["--conditions=source", program, JSON.stringify(settings)], {
    stdio: ["pipe", "pipe", "pipe"]
  })
  const waiting = new Map<number, (answer: TimedAnswer | undefined) => void>()
  const sendings: Array<Sending> = []
  let asked = 0
  let log = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text
  })
  // A process that is gone takes nothing any more: whoever asked it is told below.
  child.stdin.on("error", () => undefined)
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      for (const tell of waiting.values()) tell(undefined)
      waiting.clear()
      resolve()
    })
  })
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      // The kill may cut a line: what was not said whole was not said.
      const said = readLine(line)
      if (said === undefined) return
      if ("ready" in said) return resolve()
      if ("sending" in said) return void sendings.push(said.sending)
      waiting.get(said.id)?.(said)
      waiting.delete(said.id)
    })
    void ended.then(() => reject(new Error(`process ${number} ended before it was ready: ${log}`)))
  })
  // A life that is killed while it begins is not waited for.
  ready.catch(() => undefined)
  const life: Life = {
    number,
    process: child,
    ready,
    ended,
    end: undefined,
    log: () => log,
    sendings,
    ask: async (act) => (await life.askTimed(act))?.answer,
    askTimed: (act) =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve(undefined)
        const id = asked++
        waiting.set(id, resolve)
        child.stdin.write(`${JSON.stringify({ id, act })}\n`)
      }),
    stop: () => {
      life.end ??= "stopped"
      child.stdin.end("stop\n")
      return ended
    },
    kill: () => {
      life.end ??= "killed"
      child.kill("SIGKILL")
      return ended
    }
  }
  return life
}

type Said = { readonly ready: true } | { readonly sending: Sending } | (TimedAnswer & { readonly id: number })

const readLine = (line: string): Said | undefined => {
  try {
    // Written by process.main.ts.
    return JSON.parse(line) as Said
  } catch {
    return undefined
  }
}
