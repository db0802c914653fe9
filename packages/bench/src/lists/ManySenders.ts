/**
 * A store with very many senders in very many accounts, one of them large: filled through the storage adapter's own
 * commits, in transactions of thousands, so every row, index and count is as the product writes it.
 *
 * Only the log is thinner than the product's: each sender has one short event and no tasks. No list reads those.
 */
import { randomUUID } from "node:crypto"
import {
  AccountId,
  type CanonicalAddress,
  DomainName,
  type LiveStatus,
  makeDnsPlan,
  OrganizationId,
  type Owner,
  type SenderEntry,
  type SenderId
} from "@countersign/core"
import { type Commit, EventStore } from "@countersign/engine"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Brand, Effect } from "effect"

/** How many senders there are, in how many accounts, and how many of them are in the largest. */
export interface Crowd {
  readonly senders: number
  readonly accounts: number
  readonly largest: number
}

/** What the questions are about. */
export const large = {
  account: AccountId.make("account-large"),
  /** Has a fifth of the account's senders. */
  owner: { _tag: "Organization", organization: OrganizationId.make("organization-large") },
  /** Has a tenth of them. */
  domain: DomainName.make("mail.example"),
  /** In the metadata of every sender. */
  everyones: { region: "eu" },
  /** Of the first sender, in milliseconds since the epoch; then one comes every `interval`. */
  began: Date.UTC(2026, 0, 1),
  interval: 10_000
} as const

/** What of the senders is remembered, to ask for it. */
export interface Known {
  readonly account: string
  readonly id: string
  readonly canonical: string
}

/** Commits of one transaction: most pages of the indexes change in each, so few transactions write least. */
const portion = 100_000
/** One in so many senders is remembered. */
const rememberEvery = 97

/** Fills an empty store and answers some of what is in it. */
export const fillStore = (
  file: string,
  crowd: Crowd,
  progress: (done: number) => void
): Promise<ReadonlyArray<Known>> =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const known: Array<Known> = []
    for (let done = 0; done < crowd.senders; done += portion) {
      const commits = Array.from({ length: Math.min(portion, crowd.senders - done) }, (_, at) =>
        makeCommit(done + at, crowd)
      )
      yield* store.commit(commits)
      for (let at = 0; at < commits.length; at += rememberEvery) {
        const entry = commits[at]?.appends[0]?.entry
        if (entry !== undefined) known.push(entry)
      }
      progress(done + commits.length)
    }
    return known
  }).pipe(
    // The indexes grow in many places at once: with the 64 MB of a server, filling would wait for the disk.
    Effect.provide(SqliteStorage.layer({ file, cacheMegabytes: 1_024 })),
    Effect.runPromise
  )

// There are millions of entries, and what is made here needs no check.
const accountId = Brand.nominal<AccountId>()
const organizationId = Brand.nominal<OrganizationId>()
const senderId = Brand.nominal<SenderId>()
const domainName = Brand.nominal<DomainName>()
const canonicalAddress = Brand.nominal<CanonicalAddress>()

/** The same number gives the same number, far from those of its neighbours. */
const scattered = (number: number): number => Math.imul(number + 1, 0x9e3779b1) >>> 0

const statuses: ReadonlyArray<LiveStatus> = ["active", "active", "pending", "domain-verified"]

/** Every so many senders one is of the large account, so that its rows lie among those of the others. */
const makeCommit = (number: number, { accounts, largest, senders }: Crowd): Commit => {
  const entry = makeEntry(
    number,
    number % Math.floor(senders / largest) === 0 ? undefined : scattered(number) % (accounts - 1)
  )
  return {
    account: entry.account,
    command: { id: `${large.began + number}`, fingerprint: "", result: "{}" },
    appends: [
      {
        stream: entry.id,
        expected: 0,
        events: [{ type: "SenderAdded", schemaVersion: 1, data: "{}", meta: "{}" }],
        entry,
        tasks: []
      }
    ]
  }
}

const makeEntry = (number: number, account: number | undefined): SenderEntry => {
  const sender = senderId(randomUUID())
  const within = scattered(number)
  const domain = within % 10 === 0 ? large.domain : domainName(`d${scattered(number >> 3).toString(36)}.example`)
  const address = canonicalAddress(`a${within.toString(36)}@${domain}`)
  const createdAt = large.began + number * large.interval
  const status = statuses[within % 4] ?? "active"
  return {
    id: sender,
    account: account === undefined ? large.account : accountId(`account-${account}`),
    owner: makeOwner(within % 10),
    kind: within % 50 === 1 ? "domain" : "email",
    address,
    canonical: address,
    domain,
    status,
    mailbox: status === "active" ? "verified" : "pending",
    domainState: status === "pending" ? "pending" : "verified",
    domainSince: createdAt,
    verdicts: [],
    plan: makeDnsPlan(
      domain,
      [0, 1, 2].map((at) => `${sender.replaceAll("-", "")}${at}`),
      "dkim.countersign.net"
    ),
    metadata: { customer: `c-${number}`, ...large.everyones },
    incarnation: 1,
    addedAt: createdAt,
    updatedAt: createdAt + large.interval
  }
}

const makeOwner = (tenth: number): Owner => {
  if (tenth < 4) return { _tag: "Account" }
  return tenth < 6 ? large.owner : { _tag: "Organization", organization: organizationId(`organization-${tenth}`) }
}
