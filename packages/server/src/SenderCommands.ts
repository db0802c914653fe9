/**
 * `sender`: the senders of every account, for an operator to find, to look at, and to have probed.
 */
import { LiveStatus } from "@countersign/core"
import { type ListedSender, makeSenderHistory, makeSenderProbe, makeSenderStatus } from "@countersign/engine"
import { Effect, Option, Struct } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, lines, optionalText, say, timeOf } from "./CommandAnswers.ts"
import { accountOf, canonicalOf, domainOf, findSenders, ofAccount, senderById, sendersOf } from "./SenderLookup.ts"
import { existingStore, storeWithExecutor } from "./Store.ts"
import { table } from "./Terminal.ts"

/** A sender as the API shows it, and its account. */
const senderView = (sender: ListedSender) => ({
  ...Struct.pick(sender, ["id", "account", "status", "mailbox", "domainState", "metadata"]),
  organization: sender.owner._tag === "Organization" ? sender.owner.organization : null,
  ...(sender.kind === "domain" ? { domain: sender.address } : { address: sender.address }),
  addedAt: timeOf(sender.addedAt),
  updatedAt: timeOf(sender.updatedAt)
})

const senderList = Command.make(
  "list",
  {
    account: ofAccount,
    status: Flag.Literals("status", LiveStatus.literals).pipe(
      Flag.withDescription("Only senders of this status"),
      Flag.optional
    ),
    domain: optionalText("domain", "Only senders on exactly this domain"),
    address: optionalText("address", "Only senders of this address, however it is spelt"),
    json
  },
  Effect.fn(function* ({ account, status, domain, address, json }) {
    const filter = {
      ...(Option.isNone(status) ? {} : { statuses: [status.value] }),
      ...(Option.isNone(domain) ? {} : { domain: yield* domainOf(domain.value, "--domain") }),
      ...(Option.isNone(address) ? {} : { canonical: yield* canonicalOf(address.value, "--address") })
    }
    const found = yield* sendersOf(filter, account)
    const rows = found.map(({ id, address, status, account }) => [id, address, status, `account ${account}`])
    yield* say(json, { senders: found.map(senderView) }, lines(table(rows), "No senders found."))
  })
).pipe(Command.withDescription("List senders, the oldest of each account first"), Command.provide(existingStore))

const senderShow = Command.make(
  "show",
  {
    sender: Argument.String("sender").pipe(Argument.withDescription("The sender's id or address")),
    account: ofAccount,
    json
  },
  Effect.fn(function* (input) {
    const status = yield* makeSenderStatus
    const reports = yield* Effect.forEach(yield* findSenders(input.sender, input.account), status)
    const senders = reports.map(({ sender, blockers, records }) => ({ ...senderView(sender), blockers, records }))
    const shown = senders.map(({ blockers, records, metadata, ...facts }) =>
      table([
        ...Object.entries(facts).map(([name, value]) => [name, value ?? "none"]),
        ...(Object.keys(metadata).length === 0 ? [] : [["metadata", JSON.stringify(metadata)]]),
        ...blockers.map(({ message }) => ["blocker", message]),
        ...records.map((one) => ["record", `${one.name} ${one.type} ${one.value}: ${one.verdict ?? "not probed"}`])
      ]).join("\n")
    )
    yield* say(input.json, { senders }, shown.join("\n\n"))
  })
).pipe(Command.withDescription("Show a sender, and why it is not active"), Command.provide(storeWithExecutor))

const id = Argument.String("id").pipe(Argument.withDescription("The sender's id"))

const senderHistory = Command.make(
  "history",
  { id, json },
  Effect.fn(function* (input) {
    const history = yield* makeSenderHistory
    const recorded = yield* history({ account: yield* accountOf(input.id), id: input.id })
    const events = recorded.map(({ event: { _tag: type, at, ...data }, version, actor, correlation }) => {
      return { id: `${input.id}.${version}`, type, at: timeOf(at), data, actor, correlation }
    })
    const rows = events.map(({ at, type, actor, correlation }) => [at, type, `by ${actor}`, correlation])
    yield* say(input.json, { events }, table(rows).join("\n"))
  })
).pipe(
  Command.withDescription("List every event of a sender, even of a removed one"),
  Command.provide(storeWithExecutor)
)

const senderProbe = Command.make(
  "probe",
  { id, json },
  Effect.fn(function* (input) {
    const probe = yield* makeSenderProbe
    const { id, account, domain } = yield* senderById(input.id)
    yield* probe({ account, id })
    const sentence = `A running server probes ${domain} for account ${account} now, but no sooner than 10 seconds after the last probe.`
    yield* say(input.json, { id, account, domain }, sentence)
  })
).pipe(Command.withDescription("Have a sender's domain probed now"), Command.provide(storeWithExecutor))

/** `sender`. */
export const senderCommand = Command.make("sender").pipe(
  Command.withDescription("Addresses and domains that customers want to send from"),
  Command.withSubcommands([senderList, senderShow, senderHistory, senderProbe])
)
