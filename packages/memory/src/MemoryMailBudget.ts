/**
 * The mail budget in memory: the engine's own rule over the mails granted lately.
 */
import { allowance, budgetWindow, MailBudget } from "@countersign/engine"
import { Clock, Effect } from "effect"
import type { MemoryState } from "./MemoryState.ts"

const hour = 60 * 60 * 1_000

export const makeMailBudget = (state: MemoryState): MailBudget["Service"] =>
  MailBudget.of({
    take: ({ mail, addressHash, account }) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        forgetMails(state, now)
        if (state.mails.has(mail)) return { _tag: "Granted" }
        const granted = [...state.mails.values()].sort((a, b) => a.at - b.at)
        const ofAccount = granted.filter((other) => other.account === account && other.at > now - hour)
        const { budget, first } = allowance(
          {
            toAddress: granted.filter((other) => other.addressHash === addressHash),
            ofAccount: { count: ofAccount.length, oldest: ofAccount.at(0)?.at }
          },
          account,
          now,
          state.mailLimits
        )
        if (budget._tag === "Granted") state.mails.set(mail, { addressHash, account, at: now, first })
        return budget
      })
  })

/** The oldest come first. */
const forgetMails = (state: MemoryState, now: number): void => {
  for (const [mail, { at }] of state.mails) {
    if (at > now - budgetWindow) return
    state.mails.delete(mail)
  }
}
