/**
 * A contestant's process, from outside: started, asked, and killed when it does not answer.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Profile } from "./Contestant.ts"
import type { Order, Reply } from "./ContestantProgram.ts"
import type { Trial, TrialRound } from "./Trials.ts"

/** A contestant that has no such thing as the trial asks for; not a failure. */
export class NotOffered extends Error {}

export interface ContestantProcess {
  /** Opens an empty store and prepares the trial. */
  readonly open: (place: string, trial: Trial) => Promise<Profile>
  readonly round: () => Promise<TrialRound>
  readonly close: () => Promise<void>
  /** Ends the process, whatever it does. */
  readonly end: () => Promise<void>
}

/** After this long without an answer, beside what a round is asked to take, a process is killed. Milliseconds. */
const patience = 60_000

export const startContestant = (program: URL, args: ReadonlyArray<string> = []): ContestantProcess => {
  const child = spawn(process.execPath, ["--conditions=source", fileURLToPath(program), ...args], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
    env: { ...process.env, NODE_ENV: "production" }
  })
  const said = lastWords(child)
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve())
    child.once("exit", () => resolve())
  })
  let roundMillis = 0
  const orphan = () => child.kill("SIGKILL")
  process.once("exit", orphan)

  const ask = async (order: Order): Promise<Reply> => {
    if (!child.connected) throw new Error(`the process is gone: ${said()}`)
    let timer: NodeJS.Timeout | undefined
    try {
      return await Promise.race([
        new Promise<Reply>((resolve) => {
          // Sent by `ContestantProgram.ts`, one for each order.
          child.once("message", (reply) => resolve(reply as Reply))
          child.send(order)
        }),
        ended.then(() => {
          throw new Error(`the process ended: ${said()}`)
        }),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => {
            child.kill("SIGKILL")
            reject(new Error(`no answer in ${patience / 1_000} s`))
          }, patience + roundMillis)
        })
      ])
    } finally {
      clearTimeout(timer)
      child.removeAllListeners("message")
    }
  }

  const expect = async <R extends Reply["reply"]>(order: Order, wanted: R): Promise<Extract<Reply, { reply: R }>> => {
    const reply = await ask(order)
    if (reply.reply === "failed") throw new Error(reply.reason)
    if (reply.reply === "unable") throw new NotOffered(reply.reason)
    if (reply.reply !== wanted) throw new Error(`${reply.reply} is no answer to ${order.order}`)
    return reply as Extract<Reply, { reply: R }> // Compared in the line above.
  }

  return {
    open: async (place, trial) => {
      roundMillis = "millis" in trial ? trial.millis : 0
      return (await expect({ order: "open", place, trial }, "opened")).profile
    },
    round: async () => (await expect({ order: "round" }, "round")).round,
    close: async () => {
      await expect({ order: "close" }, "closed")
    },
    end: async () => {
      process.off("exit", orphan)
      child.kill("SIGKILL")
      await ended
    }
  }
}

/** The end of what a process wrote on standard error: the reason why it is gone is in there. */
const lastWords = ({ stderr }: ChildProcess): (() => string) => {
  let text = ""
  stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = `${text}${chunk}`.slice(-4_000)
  })
  return () =>
    text
      .split("\n")
      .find((line) => /error/i.test(line))
      ?.trim() ?? "it did not say why"
}
