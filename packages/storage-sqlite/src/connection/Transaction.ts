/**
 * A transaction under way, as a value: whoever writes rows takes one, so nothing is written outside of a transaction,
 * and what is kept in memory meanwhile follows its end.
 */
export interface Transaction {
  /** The time, read under the lock, in whole milliseconds since the epoch. */
  readonly now: number
  /** Runs `step` when the body is done: writes what it saved up. */
  readonly beforeCommit: (step: () => void) => void
  /** Runs `step` when nothing of the transaction stays: forgets what was remembered of it. */
  readonly afterRollback: (step: () => void) => void
}

/** How a transaction ends. */
interface Ends {
  readonly commit: () => void
  readonly rollback: () => void
}

/**
 * Runs `body` in the transaction that has just begun, and ends it. What `body`, a step or the commit throws rolls
 * everything back.
 */
export const runTransaction = <A>(now: number, body: (tx: Transaction) => A, { commit, rollback }: Ends): A => {
  const beforeCommit: Array<() => void> = []
  const afterRollback: Array<() => void> = []
  try {
    const value = body({
      now,
      beforeCommit: (step) => {
        beforeCommit.push(step)
      },
      afterRollback: (step) => {
        afterRollback.push(step)
      }
    })
    for (const step of beforeCommit) step()
    commit()
    return value
  } catch (cause) {
    for (const step of afterRollback) step()
    rollback()
    throw cause
  }
}
