/**
 * Clauses M: the store keeps the counts, and `MailAllowance.ts` has the rule, with its default limits.
 */
import { type Budget, defaultMailLimits, MailBudget } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { beginning, day, hour, makeClause, minute, type StorageLayer, type StorageOptions, second } from "./Clause.ts"

export const mailBudgetContract = (layer: StorageLayer, options: StorageOptions): void => {
  const clause = makeClause(layer)
  const { perAddressHour, firstMailsDay } = defaultMailLimits

  clause(
    "M.1 an address takes so many mails an hour, besides the first of each account",
    Effect.gen(function* () {
      for (let index = 0; index <= perAddressHour; index++) {
        expect(yield* take(`mail-${index}`)).toEqual({ _tag: "Granted" })
        yield* TestClock.adjust(second)
      }
      // The second mail was the first that counted.
      const free = beginning + second + hour
      expect(yield* take("one more")).toEqual({ _tag: "NotBefore", at: free })
      expect(yield* take("one more", { account: "acc-2" })).toEqual({ _tag: "Granted" })
      expect(yield* take("another address", { addressHash: "address-2" })).toEqual({ _tag: "Granted" })
      yield* TestClock.setTime(free - 1)
      expect(yield* take("still one more")).toEqual({ _tag: "NotBefore", at: free })
      yield* TestClock.setTime(free)
      expect(yield* take("still one more")).toEqual({ _tag: "Granted" })
    })
  )

  clause(
    "M.2 the same mail is counted once, however often it is asked for",
    Effect.gen(function* () {
      for (let index = 0; index < 30; index++) expect(yield* take("mail")).toEqual({ _tag: "Granted" })
      yield* Effect.all(
        Array.from({ length: 30 }, () => take("mail")),
        { concurrency: "unbounded" }
      )
      for (let index = 0; index < perAddressHour; index++) {
        expect(yield* take(`mail-${index}`)).toEqual({ _tag: "Granted" })
      }
      expect((yield* take("one more"))._tag).toBe("NotBefore")
      // What was granted stays granted, also when there is nothing left.
      expect(yield* take("mail")).toEqual({ _tag: "Granted" })
    })
  )

  clause(
    "M.3 what was not granted was not counted",
    Effect.gen(function* () {
      for (let index = 0; index <= perAddressHour; index++) yield* take(`mail-${index}`)
      for (let index = 0; index < 20; index++) expect((yield* take("waits"))._tag).toBe("NotBefore")
      yield* TestClock.adjust(hour)
      for (let index = 0; index < perAddressHour - 1; index++) {
        expect(yield* take(`later-${index}`)).toEqual({ _tag: "Granted" })
      }
      expect(yield* take("waits")).toEqual({ _tag: "Granted" })
    })
  )

  clause(
    "M.4 the counter is one: of many that ask at the same time, as many are granted as there is room for",
    Effect.gen(function* () {
      const budgets = yield* Effect.all(
        Array.from({ length: 40 }, (_, index) => take(`mail-${index}`)),
        { concurrency: "unbounded" }
      )
      expect(granted(budgets)).toBe(perAddressHour + 1)
    })
  )

  clause(
    "M.5 first mails of accounts are granted up to their own number a day, and counted over all accounts",
    Effect.gen(function* () {
      const budgets: Array<Budget> = []
      for (let index = 0; index < firstMailsDay + perAddressHour + 3; index++) {
        budgets.push(yield* take(`mail-${index}`, { account: `acc-${index}` }))
      }
      expect(granted(budgets)).toBe(firstMailsDay + perAddressHour)
      expect(budgets.at(-1)).toEqual({ _tag: "NotBefore", at: beginning + hour })
    })
  )

  clause(
    "M.6 mails older than a day no longer count",
    Effect.gen(function* () {
      for (let index = 0; index <= perAddressHour; index++) yield* take(`mail-${index}`)
      yield* TestClock.adjust(day)
      for (let index = 0; index <= perAddressHour; index++) {
        expect(yield* take(`next-${index}`)).toEqual({ _tag: "Granted" })
      }
      expect(yield* take("one more")).toEqual({ _tag: "NotBefore", at: beginning + day + hour })
    })
  )

  const { withMailLimits } = options
  if (withMailLimits !== undefined) {
    makeClause(withMailLimits({ ...defaultMailLimits, perAccountHour: 3 }))(
      "M.7 an account mails so much an hour, to whatever addresses",
      Effect.gen(function* () {
        for (let index = 0; index < 3; index++) {
          expect(yield* take(`mail-${index}`, { addressHash: `address-${index}` })).toEqual({ _tag: "Granted" })
          yield* TestClock.adjust(minute)
        }
        const waiting = { addressHash: "address-9" }
        expect(yield* take("one more", waiting)).toEqual({ _tag: "NotBefore", at: beginning + hour })
        expect(yield* take("other account", { ...waiting, account: "acc-2" })).toEqual({ _tag: "Granted" })
        yield* TestClock.setTime(beginning + hour)
        expect(yield* take("one more", waiting)).toEqual({ _tag: "Granted" })
      })
    )
  }
}

const take = (mail: string, more: { readonly addressHash?: string; readonly account?: string } = {}) =>
  MailBudget.use((budget) => budget.take({ mail, addressHash: "address-1", account: "acc-1", ...more }))

const granted = (budgets: ReadonlyArray<Budget>): number => budgets.filter(({ _tag }) => _tag === "Granted").length
