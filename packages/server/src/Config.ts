/**
 * The configuration: every variable that the program reads, in one table, with what it means and how it is checked.
 *
 * It is read at start-up and nowhere else: what all commands need here, what `serve` needs besides in `ServeConfig.ts`. A
 * missing or wrong value is a `ConfigProblem`: one sentence that names the variable. `docs/reference/configuration.md`
 * shows the same table, and a test compares the two.
 */
import { resolve } from "node:path"
import { Config, Data, Effect, type LogLevel, Option } from "effect"

/** A variable that is missing or wrong. The message is one sentence and names it. */
export class ConfigProblem extends Data.TaggedError("ConfigProblem")<{
  readonly variable: string
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
    meaning: "The address to listen on. `0.0.0.0` and `::` listen on all of them, and then `PUBLIC_URL` is required."
  },
  { name: "PORT", byDefault: "`3000`", meaning: "The TCP port to listen on. `0` takes a free one and prints it." },
  {
    name: "PUBLIC_URL",
    byDefault: "`http://HOST:PORT`",
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
    meaning: "The folder of everything that is stored. It is created when missing, and readable by its owner only."
  },
  {
    name: "DATABASE_URL",
    byDefault: "`countersign.db` in `COUNTERSIGN_DATA`",
    meaning: "The SQLite file, as `sqlite:path` or `file:path`. Refused in the sandbox."
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
    name: "DKIM_ZONE",
    byDefault: "required; the sandbox has its own",
    meaning: "The DNS zone that serves the signing keys: customers' CNAME records point to `<token>.<zone>`."
  },
  {
    name: "DNS_SERVERS",
    byDefault: "the system's resolvers",
    meaning:
      "The resolvers to ask, as IP addresses with an optional port and commas between: `9.9.9.9,[2620:fe::fe]:53`. The sandbox asks its own DNS server only."
  },
  { name: "LOG_LEVEL", byDefault: "`info`", meaning: "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `none`." },
  {
    name: "LOG_FORMAT",
    byDefault: "`pretty` on a terminal, else `json`",
    meaning: "`json` writes one JSON object per line, `pretty` writes for people."
  }
] as const satisfies ReadonlyArray<Variable>

export type VariableName = (typeof variables)[number]["name"]

export const problem = (variable: VariableName, message: string) => new ConfigProblem({ variable, message })

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

export interface StoreConfig {
  /** Absolute. */
  readonly folder: string
  /** The SQLite file, absolute. */
  readonly file: string
}

export const databaseIn = (folder: string): StoreConfig => ({ folder, file: resolve(folder, "countersign.db") })

/** `COUNTERSIGN_DATA` when set, absolute. */
export const dataFolder = Effect.map(text("COUNTERSIGN_DATA"), (value) =>
  value === undefined ? undefined : resolve(value)
)

/** Reads `COUNTERSIGN_DATA` and `DATABASE_URL`. */
export const storeConfig = Effect.gen(function* () {
  const store = databaseIn((yield* dataFolder) ?? resolve(".countersign"))
  const url = yield* text("DATABASE_URL")
  if (url === undefined) return store
  if (/^postgres(ql)?:/i.test(url)) {
    return yield* problem(
      "DATABASE_URL",
      "DATABASE_URL names PostgreSQL, and this build has no PostgreSQL adapter yet."
    )
  }
  const [, path = ""] = /^(?:sqlite|file):(?:\/\/(?=\/))?(.+)$/is.exec(url) ?? []
  if (path === "" || path === ":memory:" || path.startsWith("//") || path.includes("?")) {
    return yield* problem("DATABASE_URL", "DATABASE_URL must be sqlite:<path> or file:<path>.")
  }
  return { ...store, file: resolve(path) }
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
