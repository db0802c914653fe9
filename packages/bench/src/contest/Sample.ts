/**
 * The event that every contestant stores, of some 230 bytes of JSON, and the state that it is folded into: a running
 * balance.
 */
import { randomUUID } from "node:crypto"

export interface Sample {
  readonly type: "Deposited"
  /** Plain JSON. */
  readonly data: {
    readonly id: string
    readonly amount: number
    readonly at: string
    readonly account: string
    readonly address: string
    readonly note: string
  }
}

export interface Balance {
  readonly events: number
  readonly sum: number
}

export const nothing: Balance = { events: 0, sum: 0 }

export const makeSample = (amount: number, id: string = randomUUID()): Sample => ({
  type: "Deposited",
  data: {
    id,
    amount,
    at: new Date().toISOString(),
    account: "0b6f6a52-5a0e-4c8e-9f0b-6d3f4f2a7c11",
    address: "billing@customer.example.com",
    note: "Paid by transfer, invoice 2026/11"
  }
})

export const makeSamples = (count: number): ReadonlyArray<Sample> =>
  Array.from({ length: count }, (_, index) => makeSample(index + 1))

export const evolve = ({ events, sum }: Balance, { data }: Pick<Sample, "data">): Balance => ({
  events: events + 1,
  sum: sum + data.amount
})

/** The decision of the whole command: a deposit is accepted as long as the balance is a number. */
export const decide = ({ sum }: Balance, amount: number): ReadonlyArray<Sample> => {
  if (!Number.isFinite(sum + amount)) throw new Error("the balance is no number")
  return [makeSample(amount)]
}
