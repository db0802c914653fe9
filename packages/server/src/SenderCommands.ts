/**
 * `sender`: the senders of every account, for an operator to find, to look at, and to have probed.
 */
import { LiveStatus } from "@countersign/core"
import {
  type ListedSender,
  makeSenderHistory,
  makeSenderProbe,
  makeSenderStatus,
  type RecordedEvent,
  SenderDirectory,
  type SenderReport
} from "@countersign/engine"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, lines, say, timeOf } from "./CommandAnswers.ts"
import { OperatorError } from "./OperatorError.ts"
import {
  accountOf,
  accountsOf,
  canonicalAddress,
  findSenders,
  ofAccount,
  senderById,
  sendersOn,
  storedDomain
} from "./SenderLookup.ts"
import { existingStore, storeWithExecutor } from "./Store.ts"
import { printable, table } from "./Terminal.ts"

/** A sender as the API shows it, and its account. */
export const senderView = ({ id, account, owner, kind, address, status, mailbox, ...entry }: ListedSender) => ({
  id,
  account,
  organization: owner._tag === "Organization" ? owner.organization : null,
  ...(kind === "domain" ? { domain: address } : { address }),
  status,
  mailbox,
  domainState: entry.domainState,
  metadata: entry.metadata,
  addedAt: timeOf(entry.addedAt),
  updatedAt: timeOf(entry.updatedAt)
})

const senderRow = ({ id, account, address, status, updatedAt }: ListedSender): ReadonlyArray<string> => [
  id,
  printable(address),
  status,
  `account ${printable(account)}`,
  `since ${timeOf(updatedAt)}`
]

// ---------------------------------------------------------------------------------------------------------------------
// list

const mostListed = 1_000

interface Wanted {
  readonly status: Option.Option<LiveStatus>
  readonly canonical: ListedSender["canonical"] | undefined
  readonly domain: string | undefined
}

/** An account's senders, how many there are and the page of them, oldest first. */
const pageOf = Effect.fnUntraced(function* (account: string, wanted: Wanted, offset: number, limit: number) {
  const { count, page } = yield* SenderDirectory
  const { canonical, domain } = wanted
  const status = Option.getOrUndefined(wanted.status)
  if (domain !== undefined) {
    const found = (yield* sendersOn(account, domain)).filter(
      (sender) =>
        (status === undefined || sender.status === status) &&
        (canonical === undefined || sender.canonical === canonical)
    )
    return { total: found.length, senders: found.slice(offset, offset + limit) }
  }
  const filter = {
    account,
    ...(status === undefined ? {} : { statuses: [status] }),
    ...(canonical === undefined ? {} : { canonical })
  }
  const total = yield* count(filter)
  if (offset >= total) return { total, senders: [] }
  return { total, senders: yield* page({ ...filter, order: "oldest-first", offset, limit }) }
})

const senderList = Command.make(
  "list",
  {
    account: ofAccount,
    status: Flag.Literals("status", LiveStatus.literals).pipe(
      Flag.withDescription("Only senders of this status"),
      Flag.optional
    ),
    domain: Flag.String("domain").pipe(Flag.withDescription("Only senders on exactly this domain"), Flag.optional),
    address: Flag.String("address").pipe(
      Flag.withDescription("Only senders of this address, however it is spelt"),
      Flag.optional
    ),
    offset: Flag.Int("offset").pipe(Flag.withDescription("Pass over so many; default: 0"), Flag.withDefault(0)),
    limit: Flag.Int("limit").pipe(Flag.withDescription("How many at most; default: 100"), Flag.withDefault(100)),
    json
  },
  Effect.fn(function* (input) {
    const { limit, offset } = input
    if (limit < 1 || limit > mostListed) {
      return yield* new OperatorError({ message: `--limit: Give a number from 1 to ${mostListed}.` })
    }
    if (offset < 0) return yield* new OperatorError({ message: "--offset: Give 0 or more." })
    const wanted: Wanted = {
      status: input.status,
      canonical: Option.isNone(input.address) ? undefined : yield* canonicalAddress(input.address.value, "--address"),
      domain: Option.isNone(input.domain) ? undefined : yield* storedDomain(input.domain.value, "--domain")
    }
    const found: Array<ListedSender> = []
    let passed = 0
    // One more than is listed tells whether there are more.
    for (const account of yield* accountsOf(input.account)) {
      if (found.length > limit) break
      const { total, senders } = yield* pageOf(account, wanted, Math.max(0, offset - passed), limit + 1 - found.length)
      found.push(...senders)
      passed += total
    }
    const next = found.length > limit ? offset + limit : null
    const senders = found.slice(0, limit)
    const rows = [...table(senders.map(senderRow)), ...(next === null ? [] : [`There are more: --offset ${next}`])]
    yield* say(input.json, { senders: senders.map(senderView), next }, lines(rows, "No senders found."))
  })
).pipe(Command.withDescription("List senders, the oldest of each account first"), Command.provide(existingStore))

// ---------------------------------------------------------------------------------------------------------------------
// show, history, probe

const reportView = ({ sender, blockers }: SenderReport) => ({
  ...senderView(sender),
  blockers,
  records: sender.plan.records.map(({ type, name, value }) => ({
    type,
    name,
    value,
    verdict: sender.verdicts.find((verdict) => verdict.name === name)?.verdict ?? null
  }))
})

const reportLines = (report: SenderReport): ReadonlyArray<string> => {
  const { sender, blockers } = report
  const { account, organization, addedAt, updatedAt, metadata, records } = reportView(report)
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["account", account],
    ...(organization === null ? [] : [["organization", organization] as const]),
    ["status", sender.status],
    ["mailbox", sender.mailbox],
    ["domain", `${sender.domain}: ${sender.domainState} since ${timeOf(sender.domainSince)}`],
    ...blockers.map(({ message }) => ["blocker", message] as const),
    ["added", addedAt],
    ["changed", updatedAt],
    ...(Object.keys(metadata).length === 0 ? [] : [["metadata", JSON.stringify(metadata)] as const]),
    ...records.map(
      ({ type, name, value, verdict }) =>
        ["record", `${name} ${type} ${value}${verdict === null ? "" : `: ${verdict}`}`] as const
    )
  ]
  return [
    `${printable(sender.address)}, sender ${sender.id}`,
    ...table(facts.map(([name, value]) => [`  ${name}`, printable(value)]))
  ]
}

const senderShow = Command.make(
  "show",
  {
    sender: Argument.String("sender").pipe(Argument.withDescription("The sender's id or address")),
    account: ofAccount,
    json
  },
  Effect.fn(function* (input) {
    const status = yield* makeSenderStatus
    const found = yield* findSenders(input.sender, input.account)
    const reports = yield* Effect.forEach(found, ({ account, id }) => status({ account, id }))
    const shown = reports.map((report) => reportLines(report).join("\n")).join("\n\n")
    yield* say(input.json, { senders: reports.map(reportView) }, shown)
  })
).pipe(Command.withDescription("Show a sender, and why it is not active"), Command.provide(storeWithExecutor))

const id = Argument.String("id").pipe(Argument.withDescription("The sender's id"))

const eventView = (sender: string, { event, version, recordedAt, actor, correlation }: RecordedEvent) => {
  const { _tag: type, ...data } = event
  return { id: `${sender}:${version}`, type, at: timeOf(recordedAt), data, actor, correlation }
}

const senderHistory = Command.make(
  "history",
  { id, json },
  Effect.fn(function* (input) {
    const history = yield* makeSenderHistory
    const recorded = yield* history({ account: yield* accountOf(input.id), id: input.id })
    const events = recorded.map((event) => eventView(input.id, event))
    const rows = events.map(({ at, type, actor, correlation }) => [
      at,
      type,
      `by ${printable(actor)}`,
      printable(correlation)
    ])
    yield* say(input.json, { events }, table(rows).join("\n"))
  })
).pipe(
  Command.withDescription("List every event of a sender, also of one that was removed"),
  Command.provide(storeWithExecutor)
)

const senderProbe = Command.make(
  "probe",
  { id, json },
  Effect.fn(function* (input) {
    const probe = yield* makeSenderProbe
    const { id, account, domain } = yield* senderById(input.id)
    yield* probe({ account, id })
    yield* say(
      input.json,
      { id, account, domain },
      `The next probe of ${domain} for account ${account} is due now; a running server makes it, at most one in 10 seconds.`
    )
  })
).pipe(Command.withDescription("Have a sender's domain probed now"), Command.provide(storeWithExecutor))

/** `sender`. */
export const senderCommand = Command.make("sender").pipe(
  Command.withDescription("Addresses and domains that customers want to send from"),
  Command.withSubcommands([senderList, senderShow, senderHistory, senderProbe])
)
