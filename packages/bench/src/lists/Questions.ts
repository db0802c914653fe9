/**
 * What the `lists` workload asks the directory: about the large account, unless it looks something up by its key.
 */
import type { SenderDirectory, SenderFilter, SenderQuery, StorageUnavailable } from "@countersign/engine"
import type { Effect } from "effect"
import { type Crowd, type Known, large } from "./ManySenders.ts"

export interface Question {
  readonly name: string
  /** The p99 that is aimed at while the store is in use, in milliseconds. */
  readonly aim?: number
  /** Asks it once; `turn` counts, so that one time is not the other. */
  readonly ask: (directory: SenderDirectory["Service"], turn: number) => Effect.Effect<unknown, StorageUnavailable>
}

const pageSize = 30
/** The aims of issue and design: what a caller waits for at once, and what may take a moment. */
const [soon, moment] = [5, 50]

export const makeQuestions = (crowd: Crowd, known: ReadonlyArray<Known>): ReadonlyArray<Question> => {
  const span = crowd.senders * large.interval
  /** A tenth of all, anywhere. */
  const tenth = (turn: number) => {
    const from = large.began + Math.floor(span * ((turn * 0.07) % 0.9))
    return { from, to: from + Math.floor(span / 10) }
  }
  const one = (turn: number) => known[turn % known.length] ?? { account: "", id: "", canonical: "" }
  const customer = (turn: number) => {
    const apart = Math.floor(crowd.senders / crowd.largest)
    return { customer: `c-${apart * ((turn * 1_009) % crowd.largest)}` }
  }
  return [
    page("first page", {}, { aim: soon }),
    page("page 1,000", {}, { number: 1_000, aim: moment }),
    page("last page", {}, { number: Math.floor(crowd.largest / pageSize) }),
    page("page 1,000, status filter", { statuses: ["active"] }, { number: 1_000 }),
    page("first page, status filter", { statuses: ["pending"] }, { aim: soon }),
    page("first page, owner filter", { owner: large.owner }, { aim: soon }),
    page("first 100, owner filter", { owner: large.owner }, { size: 100, aim: soon }),
    page("page 1,000, owner filter", { owner: large.owner }, { number: 1_000 }),
    page("first page, owner-type filter", { ownerType: "Organization" }, { aim: soon }),
    page("page 1,000, owner-type filter", { ownerType: "Organization" }, { number: 1_000 }),
    page("first page, created between (a tenth)", (turn) => ({ addedBetween: tenth(turn) })),
    page("first page, updated between (a tenth)", (turn) => ({ updatedBetween: tenth(turn) })),
    page("metadata filter, one hit", (turn) => ({ metadata: customer(turn) }), { aim: soon }),
    page("first page, metadata filter, all hit", { metadata: large.everyones }),
    page("page 1,000, metadata filter, all hit", { metadata: large.everyones }, { number: 1_000 }),
    page(
      "page 1,000, metadata and status filter",
      { metadata: large.everyones, statuses: ["active"] },
      { number: 1_000 }
    ),
    page("first page by domain", {}, { order: "by-domain" }),
    page("page 1,000 by domain", {}, { order: "by-domain", number: 1_000, aim: moment }),
    page("first page by domain, status filter", { statuses: ["active"] }, { order: "by-domain" }),
    page("page 1,000 by domain, status filter", { statuses: ["active"] }, { order: "by-domain", number: 1_000 }),
    page("first page by domain, owner filter", { owner: large.owner }, { order: "by-domain" }),
    page("first page by domain, metadata filter, all hit", { metadata: large.everyones }, { order: "by-domain" }),
    page("first 1,000 senders by domain", {}, { order: "by-domain", size: 1_000 }),
    count("all", {}, soon),
    count("of a status", { statuses: ["active"] }, soon),
    count("of an owner", { owner: large.owner }, soon),
    count("of an owner type", { ownerType: "Organization" }, soon),
    count("by metadata, one hit", (turn) => ({ metadata: customer(turn) }), soon),
    count("by metadata, all hit", { metadata: large.everyones }),
    count("by metadata and status", { metadata: large.everyones, statuses: ["active"] }),
    count("created between (a tenth)", (turn) => ({ addedBetween: tenth(turn) })),
    count("updated between (a tenth)", (turn) => ({ updatedBetween: tenth(turn) })),
    {
      name: "a sender by its id",
      aim: soon,
      ask: (directory, turn) => directory.find(one(turn).account, one(turn).id)
    },
    {
      name: "the current sender of an account",
      aim: soon,
      ask: (directory, turn) => directory.current(one(turn).account, { _tag: "Account" })
    },
    {
      name: "senders with an address",
      aim: soon,
      ask: (directory, turn) => {
        const { account, canonical } = one(turn)
        return directory.page({ account, canonical, order: "oldest-first", offset: 0, limit: 100 })
      }
    },
    {
      name: "the oldest sender on a domain",
      aim: soon,
      ask: (directory, turn) => directory.onDomain(one(turn).account, one(turn).canonical.replace(/.*@/, ""), 0, 1)
    },
    {
      name: "500 senders on a domain",
      ask: (directory, turn) => directory.onDomain(large.account, large.domain, turn * 1_000, 500)
    }
  ]
}

type Asked = Omit<SenderFilter, "account"> | ((turn: number) => Omit<SenderFilter, "account">)

const resolve = (asked: Asked, turn: number) => (typeof asked === "function" ? asked(turn) : asked)

interface PageOptions {
  readonly order?: SenderQuery["order"]
  /** From 1 on. */
  readonly number?: number
  readonly size?: number
  readonly aim?: number
}

const page = (
  name: string,
  asked: Asked,
  { order = "newest-first", number = 1, size = pageSize, ...aim }: PageOptions = {}
): Question => ({
  name,
  ...aim,
  ask: (directory, turn) =>
    directory.page({
      ...resolve(asked, turn),
      account: large.account,
      order,
      offset: (number - 1) * size,
      limit: size
    })
})

const count = (name: string, asked: Asked, aim?: number): Question => ({
  name: `count ${name}`,
  ...(aim === undefined ? {} : { aim }),
  ask: (directory, turn) => directory.count({ ...resolve(asked, turn), account: large.account })
})
