/**
 * How a contestant lives: in a process of its own, so that one that breaks, hangs or keeps a connection breaks nobody
 * else. It is told what to do over the channel to its parent, and ends when that closes.
 */
import type { Contestant, Open, Profile } from "./Contestant.ts"
import { prepareTrial, type Trial, type TrialRound, Unable } from "./Trials.ts"

/** What the parent asks: begin a trial on an empty store, do a round of it, end it. */
export type Order =
  | { readonly order: "open"; readonly place: string; readonly trial: Trial }
  | { readonly order: "round" }
  | { readonly order: "close" }

export type Reply =
  | { readonly reply: "opened"; readonly profile: Profile }
  /** The contestant has no such thing. */
  | { readonly reply: "unable"; readonly reason: string }
  | { readonly reply: "round"; readonly round: TrialRound }
  | { readonly reply: "closed" }
  | { readonly reply: "failed"; readonly reason: string }

export const serveContestant = (open: Open): void => {
  let contestant: Contestant | undefined
  let round: (() => Promise<TrialRound>) | undefined

  const close = async () => {
    const open = contestant
    contestant = undefined
    round = undefined
    await open?.close()
  }

  const obey = async (order: Order): Promise<Reply> => {
    switch (order.order) {
      case "open": {
        await close()
        contestant = await open(order.place)
        round = await prepareTrial(contestant, order.trial)
        return { reply: "opened", profile: contestant.profile }
      }
      case "round":
        if (round === undefined) throw new Error("there is no trial to do a round of")
        return { reply: "round", round: await round() }
      case "close":
        await close()
        return { reply: "closed" }
    }
  }

  // The parent's messages are orders, sent by `ContestantProcess.ts`.
  process.on("message", (order: Order) => {
    obey(order).then(send, (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause)
      send({ reply: cause instanceof Unable ? "unable" : "failed", reason })
    })
  })
  process.once("disconnect", () => process.exit())
  // A library that throws where nobody can catch it has failed an operation; that one is never answered, and so is
  // counted.
  process.on("uncaughtException", (cause) => console.error(cause))
  process.on("unhandledRejection", (cause) => console.error(cause))
}

const send = (reply: Reply): void => {
  process.send?.(reply)
}
