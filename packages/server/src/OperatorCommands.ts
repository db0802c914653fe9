/**
 * The operator's commands: accounts, organizations, keys, and the tasks that were given up. They work on the configured
 * store, whether a server runs on it or not, and say what they did in a line or, with `--json`, as one JSON value.
 */
import { parseEmailAddress, taskPayloads } from "@countersign/core"
import {
  type AccessKey,
  AccountAdmin,
  AccountNotFound,
  Accounts,
  TaskQueue,
  type TaskRecord
} from "@countersign/engine"
import { Console, Effect, Option, Redacted, Result } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { StartProblem } from "./StartProblem.ts"
import { existingStore, storeToWrite } from "./Store.ts"

const json = Flag.Boolean("json").pipe(Flag.withDescription("Answer as JSON"), Flag.withDefault(false))

const account = Flag.String("account").pipe(Flag.withDescription("The account's id"))

const id = (what: string) => Argument.String("id").pipe(Argument.withDescription(`The ${what}'s id`))

const say = (asJson: boolean, value: unknown, line: string) => Console.log(asJson ? JSON.stringify(value) : line)

/** Mails and pages show it in the middle of a sentence: one line that people can see, or it says something else. */
const checkName = (name: string) =>
  /^(?=.*[\p{L}\p{N}])[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{1,100}$/u.test(name)
    ? Effect.void
    : Effect.fail(
        new StartProblem({
          message: "--name: A name is one line of 1 to 100 characters, none of them a control character."
        })
      )

/** An empty list of an account that does not exist would hide a mistyped id. */
const knownAccount = Effect.fnUntraced(function* (id: string) {
  const found = yield* (yield* Accounts).account(id)
  if (Option.isNone(found)) return yield* new AccountNotFound({ what: "account", id })
})

const lines = (rows: ReadonlyArray<string>, none: string) => (rows.length === 0 ? none : rows.join("\n"))

// ---------------------------------------------------------------------------------------------------------------------
// Accounts

const accountCreate = Command.make(
  "create",
  {
    email: Flag.String("email").pipe(Flag.withDescription("Where notices to the account go")),
    name: Flag.String("name").pipe(
      Flag.withDescription("Shown on the confirmation page; the address unless given"),
      Flag.optional
    ),
    json
  },
  Effect.fn(function* (input) {
    const email = parseEmailAddress(input.email, { allowTestNames: true })
    if (Result.isFailure(email)) return yield* new StartProblem({ message: `--email: ${email.failure.message}` })
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
    yield* say(input.json, { accounts }, lines(rows, "There are no accounts."))
  })
).pipe(Command.withDescription("List the accounts"), Command.provide(existingStore))

// ---------------------------------------------------------------------------------------------------------------------
// Organizations

const organizationCreate = Command.make(
  "create",
  {
    account,
    name: Flag.String("name").pipe(Flag.withDescription("For people to tell it apart"), Flag.withDefault("")),
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
    yield* say(input.json, { organizations }, lines(rows, "There are no organizations."))
  })
).pipe(Command.withDescription("List an account's organizations"), Command.provide(existingStore))

// ---------------------------------------------------------------------------------------------------------------------
// Keys

const keyView = (key: AccessKey) => ({
  id: key.id,
  account: key.account,
  createdAt: new Date(key.createdAt).toISOString(),
  revokedAt: key.revokedAt === undefined ? null : new Date(key.revokedAt).toISOString()
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
    yield* say(input.json, { keys }, lines(rows, "There are no keys."))
  })
).pipe(Command.withDescription("List an account's keys, without their secrets"), Command.provide(existingStore))

const keyRevoke = Command.make(
  "revoke",
  { id: id("key"), json },
  Effect.fn(function* (input) {
    const key = keyView(yield* (yield* AccountAdmin).revokeKey(input.id))
    yield* say(input.json, key, `Revoked key ${key.id}.`)
  })
).pipe(Command.withDescription("Revoke a key; it lets nobody in from now on"), Command.provide(existingStore))

// ---------------------------------------------------------------------------------------------------------------------
// Tasks

const taskKinds = Object.keys(taskPayloads).filter((kind): kind is keyof typeof taskPayloads => kind in taskPayloads)

const taskView = (task: TaskRecord) => ({
  id: task.id,
  kind: task.kind,
  state: task.state,
  due: new Date(task.due).toISOString(),
  attempts: task.attempts,
  error: task.error ?? null,
  payload: task.payload
})

const tasksList = Command.make(
  "list",
  {
    state: Flag.Literals("state", ["buried", "waiting", "running", "all"]).pipe(
      Flag.withDescription("Which tasks; buried unless given"),
      Flag.withDefault("buried")
    ),
    kind: Flag.Literals("kind", taskKinds).pipe(Flag.withDescription("Only tasks of this kind"), Flag.optional),
    after: Flag.String("after").pipe(Flag.withDescription("Go on after the task with this id"), Flag.optional),
    limit: Flag.Int("limit").pipe(Flag.withDescription("How many at most; 100 unless given"), Flag.withDefault(100)),
    json
  },
  Effect.fn(function* (input) {
    const queue = yield* TaskQueue
    const records = yield* queue.list({
      limit: Math.max(1, Math.min(input.limit, 1_000)),
      ...(input.state === "all" ? {} : { state: input.state }),
      ...(Option.isSome(input.kind) ? { kind: input.kind.value } : {}),
      ...(Option.isSome(input.after) ? { after: input.after.value } : {})
    })
    const tasks = records.map(taskView)
    const rows = tasks.map((task) => {
      return `${task.id}  ${task.kind}  ${task.state}  due ${task.due}  attempts ${task.attempts}  ${task.error ?? ""}`.trimEnd()
    })
    yield* say(input.json, { tasks }, lines(rows, "There are no such tasks."))
  })
).pipe(
  Command.withDescription("List tasks, those that were given up unless told otherwise"),
  Command.provide(existingStore)
)

const tasksRevive = Command.make(
  "revive",
  { id: id("task"), json },
  Effect.fn(function* (input) {
    const revived = yield* (yield* TaskQueue).revive(input.id)
    if (!revived) return yield* new StartProblem({ message: `There is no buried task ${input.id}.` })
    yield* say(input.json, { id: input.id, revived }, `Task ${input.id} is due now.`)
  })
).pipe(Command.withDescription("Try a buried task again"), Command.provide(existingStore))

const tasksDrop = Command.make(
  "drop",
  { id: id("task"), json },
  Effect.fn(function* (input) {
    const dropped = yield* (yield* TaskQueue).drop(input.id)
    if (!dropped) return yield* new StartProblem({ message: `There is no task ${input.id}.` })
    yield* say(input.json, { id: input.id, dropped }, `Task ${input.id} is gone.`)
  })
).pipe(Command.withDescription("Delete a task for good"), Command.provide(existingStore))

/** `account`, `organization`, `key` and `tasks`. */
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
  Command.make("tasks").pipe(
    Command.withDescription("Work that waits, and work that was given up"),
    Command.withSubcommands([tasksList, tasksRevive, tasksDrop])
  )
] as const
