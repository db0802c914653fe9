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

const minute = 60_000_000_000n

export const makeLimits = ({ connections, messagesPerMinute }: AccountLimits): Limits => {
  const open = new Map<string, number>()
  const messages = new Map<string, number>()
  let began: bigint | undefined
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
      Clock.clockWith((clock) => {
        // The monotonic clock: nobody sets it back.
        const now = clock.monotonicTimeNanosUnsafe()
        if (began === undefined || now - began >= minute) {
          began = now
          messages.clear()
        }
        const count = messages.get(account) ?? 0
        if (count >= messagesPerMinute) {
          return Effect.fail(refused(450, "4.7.1 too many messages of this account in a minute: try again later"))
        }
        messages.set(account, count + 1)
        return Effect.void
      })
  }
}
