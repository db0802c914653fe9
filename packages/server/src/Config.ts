/**
 * The configuration: every variable that the program reads, in one table, with what it means and how it is checked.
 *
 * It is read at start-up and nowhere else: what all commands need here, what `serve` needs besides in `ServeConfig.ts`.
 * Missing and wrong values are a `ConfigProblem`: one sentence for each, which names the variable.
 * `docs/reference/configuration.md` shows the same table, and a test compares the two.
 */
import { resolve } from "node:path"
import { relayVariables } from "@countersign/relay/settings"
import { Config, Data, Effect, type LogLevel, Option, Redacted, Result } from "effect"

/** Variables that are missing or wrong. The message is one line for each, a sentence that names it. */
export class ConfigProblem extends Data.TaggedError("ConfigProblem")<{
  readonly variables: ReadonlyArray<string>
  readonly message: string
}> {}

/** One row of the table. */
export interface Variable {
  readonly name: string
  /** What holds without it, in words. */
  readonly byDefault: string
  /** One or two sentences, for the reference page. */
  readonly meaning: string
}

/** Every variable that the program reads. */
export const variables = [
  {
    name: "HOST",
    byDefault: "`127.0.0.1`",
    meaning: "The address to listen on; `0.0.0.0` and `::` mean all addresses."
  },
  { name: "PORT", byDefault: "`3000`", meaning: "The TCP port to listen on. `0` takes a free one and prints it." },
  {
    name: "PUBLIC_URL",
    byDefault: "`http://HOST:PORT` where `HOST` is loopback, else required",
    meaning:
      "Where the confirmation pages are reached from outside. Mailed links start with it, whatever a request's Host header says."
  },
  {
    name: "COUNTERSIGN_SECRET",
    byDefault: "required; the sandbox makes its own",
    meaning:
      "Signs the mailed links: at least 32 characters, such as the output of `openssl rand -hex 32`. `new,old` signs with the first and accepts both."
  },
  {
    name: "COUNTERSIGN_DATA",
    byDefault: "`.countersign`; the sandbox takes a temporary folder",
    meaning: "The folder that holds everything that is stored. Created when missing, and readable only by its owner."
  },
  {
    name: "DATABASE_URL",
    byDefault: "`countersign.db` in `COUNTERSIGN_DATA`",
    meaning:
      "The store: a PostgreSQL database as `postgres://user:password@host:5432/name?sslmode=verify-full`, or an SQLite file as `sqlite:path` or `file:path`. Refused in the sandbox."
  },
  {
    name: "DATABASE_SCHEMA",
    byDefault: "`countersign`",
    meaning: "PostgreSQL only: the schema that holds the tables. Created when missing."
  },
  {
    name: "DATABASE_CONNECTIONS",
    byDefault: "`8`",
    meaning:
      "PostgreSQL only: the most connections that a process reads with. It opens two more: one to commit, one to hear from other processes."
  },
  {
    name: "DATABASE_POOLER",
    byDefault: "`none`",
    meaning:
      "PostgreSQL only: `transaction` when a pooler in between gives each transaction another session, as PgBouncer does with `pool_mode=transaction`."
  },
  {
    name: "SMTP_URL",
    byDefault: "required; refused in the sandbox",
    meaning: "The mail server, as `smtp://user:password@host:587` (STARTTLS) or `smtps://user:password@host:465`."
  },
  {
    name: "MAIL_FROM",
    byDefault: "required; the sandbox has its own",
    meaning: "The sender of the verification mails: an address, or `Name <address>`."
  },
  {
    name: "FALLBACK_FROM",
    byDefault: "none: such mail is not sent",
    meaning: "The From address of mail that cannot have its sender's, in send plans and with `RELAY_FALLBACK=rewrite`."
  },
  {
    name: "DKIM_ZONE",
    byDefault: "required; the sandbox has its own",
    meaning: "The DNS zone that serves the signing keys: customers' CNAME records point to `<token>.k<slot>.<zone>`."
  },
  {
    name: "DKIM_KEYS",
    byDefault: "`here`",
    meaning:
      "`here` makes the signing keys and looks whether they are published. `elsewhere`: somebody else serves the keys and signs. Ignored in the sandbox."
  },
  {
    name: "DNS_SERVERS",
    byDefault: "the system's resolvers",
    meaning:
      "The resolvers to ask, as IP addresses with optional ports, separated by commas: `9.9.9.9,[2620:fe::fe]:53`. The sandbox asks only its own DNS server."
  },
  {
    name: "DNS_MODE",
    byDefault: "`auto`",
    meaning:
      "`auto` asks the domains' own name servers, and resolvers only where none of those can be reached. `resolver` asks resolvers only, for networks that let no other DNS through."
  },
  { name: "LOG_LEVEL", byDefault: "`info`", meaning: "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `none`." },
  {
    name: "LOG_FORMAT",
    byDefault: "`pretty` on a terminal, else `json`",
    meaning: "`json` writes one JSON object per line, `pretty` writes for people."
  },
  ...relayVariables
] as const satisfies ReadonlyArray<Variable>

export type VariableName = (typeof variables)[number]["name"]

export const problem = (variable: VariableName, message: string) =>
  new ConfigProblem({ variables: [variable], message })

interface Parts {
  readonly [name: string]: Effect.Effect<unknown, ConfigProblem>
}

/** Fails with all that is wrong with any of them: whoever starts the program should have to mend it once. */
export const checkAll = Effect.fnUntraced(function* (parts: Parts) {
  const problems: Array<ConfigProblem> = []
  for (const part of Object.values(parts)) {
    const read = yield* Effect.result(part)
    if (Result.isFailure(read)) problems.push(read.failure)
  }
  if (problems.length === 0) return
  return yield* new ConfigProblem({
    variables: problems.flatMap(({ variables }) => variables),
    // Two parts may need the same variable.
    message: [...new Set(problems.flatMap(({ message }) => message.split("\n")))].join("\n")
  })
})

/** The text of a variable. Empty counts as not set, as it does in most shells and compose files. */
export const text = Effect.fnUntraced(function* (name: VariableName) {
  const value = yield* Effect.orElseSucceed(Config.option(Config.String(name)), () => Option.none<string>())
  const trimmed = Option.getOrElse(value, () => "").trim()
  return trimmed === "" ? undefined : trimmed
})

export const required = Effect.fnUntraced(function* (name: VariableName, wanted: string) {
  const value = yield* text(name)
  if (value === undefined) return yield* problem(name, `${name} is missing: ${wanted}.`)
  return value
})

// ---------------------------------------------------------------------------------------------------------------------
// Where everything is stored: read by all commands

export interface SqliteConfig {
  readonly _tag: "Sqlite"
  /** Absolute. */
  readonly folder: string
  /** The SQLite file, absolute. */
  readonly file: string
}

interface PostgresConfig {
  readonly _tag: "Postgres"
  readonly url: Redacted.Redacted
  readonly schema: string
  readonly connections: number
  readonly pooler: boolean
}

export type StoreConfig = SqliteConfig | PostgresConfig

export const databaseIn = (folder: string): SqliteConfig => ({
  _tag: "Sqlite",
  folder,
  file: resolve(folder, "countersign.db")
})

/** `COUNTERSIGN_DATA` when set, absolute. */
export const dataFolder = Effect.map(text("COUNTERSIGN_DATA"), (value) =>
  value === undefined ? undefined : resolve(value)
)

/** Reads `COUNTERSIGN_DATA` and the `DATABASE_` variables. */
export const storeConfig: Effect.Effect<StoreConfig, ConfigProblem> = Effect.gen(function* () {
  const store = databaseIn((yield* dataFolder) ?? resolve(".countersign"))
  const url = yield* text("DATABASE_URL")
  if (url === undefined) return store
  if (/^postgres(ql)?:/i.test(url)) return yield* postgresConfig(url)
  const [, path = ""] = /^(?:sqlite|file):(?:\/\/(?=\/))?(.+)$/is.exec(url) ?? []
  if (path === "" || path === ":memory:" || path.startsWith("//") || path.includes("?")) {
    return yield* problem(
      "DATABASE_URL",
      "DATABASE_URL must be postgres://<user>:<password>@<host>/<database>, sqlite:<path> or file:<path>."
    )
  }
  return { ...store, file: resolve(path) }
})

const postgresConfig = Effect.fnUntraced(function* (url: string) {
  const parsed = URL.parse(url)
  if (parsed === null || parsed.pathname.length < 2) {
    return yield* problem(
      "DATABASE_URL",
      "DATABASE_URL must name a database: postgres://<user>:<password>@<host>/<database>."
    )
  }
  const schema = (yield* text("DATABASE_SCHEMA")) ?? "countersign"
  if (!/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    return yield* problem(
      "DATABASE_SCHEMA",
      "DATABASE_SCHEMA may contain only lower-case letters, digits and underscores, and may not begin with pg_."
    )
  }
  const connectionsText = (yield* text("DATABASE_CONNECTIONS")) ?? "8"
  const connections = /^\d{1,3}$/.test(connectionsText) ? Number(connectionsText) : 0
  if (connections < 1) {
    return yield* problem("DATABASE_CONNECTIONS", "DATABASE_CONNECTIONS must be a whole number from 1 to 999.")
  }
  const pooler = (yield* text("DATABASE_POOLER")) ?? "none"
  if (pooler !== "none" && pooler !== "transaction") {
    return yield* problem("DATABASE_POOLER", "DATABASE_POOLER must be none or transaction.")
  }
  return {
    _tag: "Postgres",
    url: Redacted.make(url),
    schema,
    connections,
    pooler: pooler === "transaction"
  } satisfies PostgresConfig
})

// ---------------------------------------------------------------------------------------------------------------------
// What it says

export interface LogConfig {
  readonly level: LogLevel.LogLevel
  readonly format: "json" | "pretty"
}

const logLevels: ReadonlyMap<string, LogLevel.LogLevel> = new Map([
  ["trace", "Trace"],
  ["debug", "Debug"],
  ["info", "Info"],
  ["warn", "Warn"],
  ["warning", "Warn"],
  ["error", "Error"],
  ["fatal", "Fatal"],
  ["none", "None"]
])

/** @param terminal whether the log is read by a person */
export const logConfig = Effect.fnUntraced(function* (terminal: boolean) {
  const level = logLevels.get(((yield* text("LOG_LEVEL")) ?? "info").toLowerCase())
  if (level === undefined) {
    return yield* problem("LOG_LEVEL", "LOG_LEVEL must be trace, debug, info, warn, error, fatal or none.")
  }
  const format = ((yield* text("LOG_FORMAT")) ?? (terminal ? "pretty" : "json")).toLowerCase()
  if (format !== "json" && format !== "pretty") {
    return yield* problem("LOG_FORMAT", "LOG_FORMAT must be json or pretty.")
  }
  return { level, format } satisfies LogConfig
})
