/**
 * How long the receipt of a command answers, and when old ones go.
 */

/** A receipt answers for less than this, in milliseconds; from then on its command id is free. */
export const receiptLifetime = 24 * 60 * 60 * 1_000

const forgetEvery = 128
const forgetAtMost = 256

/**
 * Counts the commits of a process and says after each batch how many of the oldest receipts to delete at most, if they
 * no longer answer: now and then twice as many as came in, so the rest shrinks.
 */
export const makeReceiptForgetting = (): ((commits: number) => number) => {
  let sinceForgetting = 0
  return (commits) => {
    sinceForgetting += commits
    if (sinceForgetting < forgetEvery) return 0
    sinceForgetting = 0
    return forgetAtMost
  }
}
