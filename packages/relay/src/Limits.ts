/**
 * What one account may use of the relay: connections at once, and messages a minute. Each process counts its own.
 */
import { Clock, Effect } from "effect"
import { type Refused, refused } from "./SmtpReply.ts"

export interface AccountLimits {
  readonly connections: number
  readonly messagesPerMinute: number
}

export interface Limits {
  /** Counts a connection of the account, until `leave`. */
  readonly enter: (account: string) => Effect.Effect<void, Refused>
  readonly leave: (account: string) => void
  /** Counts a message that begins. */
  readonly message: (account: string) => Effect.Effect<void, Refused>
}

const minute = 60_000

export const makeLimits = ({ connections, messagesPerMinute }: AccountLimits): Limits => {
  const open = new Map<string, number>()
  const minutes = new Map<string, { readonly began: number; count: number }>()
  return {
    enter: (account) =>
      Effect.suspend(() => {
        const count = open.get(account) ?? 0
        // 421 also closes the connection.
        if (count >= connections) return Effect.fail(refused(421, "4.7.0 too many connections of this account"))
        open.set(account, count + 1)
        return Effect.void
      }),
    leave: (account) => {
      const count = (open.get(account) ?? 1) - 1
      if (count > 0) open.set(account, count)
      else open.delete(account)
    },
    message: (account) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        for (const [other, { began }] of minutes) if (now - began >= minute) minutes.delete(other)
        const current = minutes.get(account) ?? { began: now, count: 0 }
        minutes.set(account, current)
        if (current.count >= messagesPerMinute) {
          return Effect.fail(refused(450, "4.7.1 too many messages of this account in a minute: try again later"))
        }
        current.count += 1
        return Effect.void
      })
  }
}
