/**
 * The operator's commands: accounts, organizations and keys here, tasks and the care of the whole store in modules of
 * their own. They work on the configured store, whether a server runs on it or not, and say what they did in a line or,
 * with `--json`, as one JSON value.
 */
import { parseEmailAddress } from "@countersign/core"
import { type AccessKey, AccountAdmin } from "@countersign/engine"
import { Effect, Option, Redacted, Result } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, lines, optionalText, say, timeOf } from "./CommandAnswers.ts"
import { declineCommand } from "./DeclineCommands.ts"
import { dnsCommand } from "./DnsCommand.ts"
import { keysCommand } from "./KeyCommands.ts"
import { maintenanceCommands } from "./MaintenanceCommands.ts"
import { OperatorError } from "./OperatorError.ts"
import { senderCommand } from "./SenderCommands.ts"
import { knownAccount } from "./SenderLookup.ts"
import { existingStore, storeToWrite } from "./Store.ts"
import { tasksCommand } from "./TaskCommands.ts"
import { transferCommands } from "./TransferCommands.ts"

const account = Flag.String("account").pipe(Flag.withDescription("The account's id"))

const id = (what: string) => Argument.String("id").pipe(Argument.withDescription(`The ${what}'s id`))

/** Mails and pages show it in the middle of a sentence: one line that people can see, or it says something else. */
const checkName = (name: string) =>
  /^(?=.*[\p{L}\p{N}])[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{1,100}$/u.test(name)
    ? Effect.void
    : Effect.fail(
        new OperatorError({
          message: "--name: A name is one line of 1 to 100 characters, none of them a control character."
        })
      )

// ---------------------------------------------------------------------------------------------------------------------
// Accounts

const accountCreate = Command.make(
  "create",
  {
    email: Flag.String("email").pipe(Flag.withDescription("Where notices to the account are mailed")),
    name: optionalText("name", "Shown on the confirmation page; default: the address"),
    json
  },
  Effect.fn(function* (input) {
    const email = parseEmailAddress(input.email, { allowTestNames: true })
    if (Result.isFailure(email)) return yield* new OperatorError({ message: `--email: ${email.failure.message}` })
    const { typed } = email.success
    const name = Option.getOrElse(input.name, () => typed)
    yield* checkName(name)
    // What is refused makes no store.
    const create = AccountAdmin.use(({ createAccount }) => createAccount({ email: typed, name }))
    const created = yield* Effect.provide(create, storeToWrite)
    yield* say(input.json, created, `Created account ${created.id} (${created.email}).`)
  })
).pipe(Command.withDescription("Create an account"))

const accountList = Command.make(
  "list",
  { json },
  Effect.fn(function* (input) {
    const accounts = yield* (yield* AccountAdmin).listAccounts
    const rows = accounts.map(({ id, email, name }) => `${id}  ${email}  ${name}`)
    yield* say(input.json, { accounts }, lines(rows, "No accounts yet."))
  })
).pipe(Command.withDescription("List the accounts"), Command.provide(existingStore))

// ---------------------------------------------------------------------------------------------------------------------
// Organizations

const organizationCreate = Command.make(
  "create",
  {
    account,
    name: Flag.String("name").pipe(Flag.withDescription("A name for people"), Flag.withDefault("")),
    json
  },
  Effect.fn(function* (input) {
    if (input.name !== "") yield* checkName(input.name)
    const created = yield* (yield* AccountAdmin).createOrganization(input.account, input.name)
    yield* say(input.json, created, `Created organization ${created.id}.`)
  })
).pipe(Command.withDescription("Create an organization of an account"), Command.provide(existingStore))

const organizationList = Command.make(
  "list",
  { account, json },
  Effect.fn(function* (input) {
    yield* knownAccount(input.account)
    const organizations = yield* (yield* AccountAdmin).listOrganizations(input.account)
    const rows = organizations.map(({ id, name }) => `${id}  ${name}`)
    yield* say(input.json, { organizations }, lines(rows, "No organizations yet."))
  })
).pipe(Command.withDescription("List an account's organizations"), Command.provide(existingStore))

// ---------------------------------------------------------------------------------------------------------------------
// Keys

const keyView = (key: AccessKey) => ({
  id: key.id,
  account: key.account,
  createdAt: timeOf(key.createdAt),
  revokedAt: key.revokedAt === undefined ? null : timeOf(key.revokedAt)
})

const keyCreate = Command.make(
  "create",
  { account, json },
  Effect.fn(function* (input) {
    const { key, secret } = yield* (yield* AccountAdmin).createKey(input.account)
    const shown = Redacted.value(secret)
    yield* say(
      input.json,
      { id: key.id, secret: shown },
      `Created key ${key.id}. Its secret is shown this once: ${shown}`
    )
  })
).pipe(Command.withDescription("Create an access key; its secret is shown once"), Command.provide(existingStore))

const keyList = Command.make(
  "list",
  { account, json },
  Effect.fn(function* (input) {
    yield* knownAccount(input.account)
    const keys = (yield* (yield* AccountAdmin).listKeys(input.account)).map(keyView)
    const rows = keys.map((key) => {
      return `${key.id}  created ${key.createdAt}${key.revokedAt === null ? "" : `  revoked ${key.revokedAt}`}`
    })
    yield* say(input.json, { keys }, lines(rows, "No keys yet."))
  })
).pipe(Command.withDescription("List an account's keys, without their secrets"), Command.provide(existingStore))

const keyRevoke = Command.make(
  "revoke",
  { id: id("key"), json },
  Effect.fn(function* (input) {
    const key = keyView(yield* (yield* AccountAdmin).revokeKey(input.id))
    yield* say(input.json, key, `Revoked key ${key.id}.`)
  })
).pipe(Command.withDescription("Revoke a key; it stops working within a second"), Command.provide(existingStore))

/** All of them. */
export const operatorCommands = [
  Command.make("account").pipe(
    Command.withDescription("Tenants of this installation"),
    Command.withSubcommands([accountCreate, accountList])
  ),
  Command.make("organization").pipe(
    Command.withDescription("Customers' organizations inside an account"),
    Command.withSubcommands([organizationCreate, organizationList])
  ),
  Command.make("key").pipe(
    Command.withDescription("Access keys of an account"),
    Command.withSubcommands([keyCreate, keyList, keyRevoke])
  ),
  senderCommand,
  dnsCommand,
  keysCommand,
  tasksCommand,
  declineCommand,
  ...maintenanceCommands,
  ...transferCommands
] as const
