/**
 * `decline`: what owners of mailboxes told accounts by "this was not me", for an operator to see and to take back.
 */
import { type ListedDecline, liftDecline, listDeclines } from "@countersign/engine"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { json, lines, say, timeOf } from "./CommandAnswers.ts"
import { OperatorError } from "./OperatorError.ts"
import { existingStore, storeWithExecutor } from "./Store.ts"

const declineView = ({ account, address, since, until, lifted, inForce }: ListedDecline) => ({
  account,
  address,
  since: timeOf(since),
  until: timeOf(until),
  liftedAt: lifted === undefined ? null : timeOf(lifted.at),
  liftedBy: lifted?.by ?? null,
  inForce
})

const declineLine = ({ account, address, since, until, liftedAt, liftedBy }: ReturnType<typeof declineView>): string =>
  `${address}  account ${account}  since ${since}  until ${until}${liftedAt === null ? "" : `  lifted ${liftedAt} by ${liftedBy}`}`

const declineList = Command.make(
  "list",
  {
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Include declines that are over or lifted"),
      Flag.withDefault(false)
    ),
    json
  },
  Effect.fn(function* (input) {
    const declines = (yield* listDeclines(input)).map(declineView)
    yield* say(input.json, { declines }, lines(declines.map(declineLine), "No declines found."))
  })
).pipe(Command.withDescription("List declines; those in force by default"), Command.provide(existingStore))

const declineLift = Command.make(
  "lift",
  {
    account: Flag.String("account").pipe(Flag.withDescription("The account's id")),
    address: Flag.String("address").pipe(Flag.withDescription("The address whose owner declined")),
    json
  },
  Effect.fn(function* ({ account, address, json }) {
    const lifted = yield* liftDecline({ account, address, by: "operator" }).pipe(
      Effect.catchTag("AddressRefused", ({ message }) => new OperatorError({ message: `--address: ${message}` }))
    )
    if (!lifted) {
      return yield* new OperatorError({ message: `No decline of ${address} for account ${account} is in force.` })
    }
    yield* say(json, { account, address }, `Lifted the decline of ${address} for account ${account}.`)
  })
).pipe(Command.withDescription("Let an account mail an address again"), Command.provide(storeWithExecutor))

/** `decline`. */
export const declineCommand = Command.make("decline").pipe(
  Command.withDescription("Addresses whose owners want no mail from an account"),
  Command.withSubcommands([declineList, declineLift])
)
