/**
 * What `serve` reads besides: where it listens, what signs the links, which mail server and resolvers it works with,
 * and what the sandbox refuses. The rules are those of `Config.ts`.
 */
import { isIP } from "node:net"
import { parseDkimZone, parseEmailAddress, parseLinkSecrets, parsePublicUrl } from "@countersign/core"
import { parseNameServer, WireResolver, type WireResolverOptions } from "@countersign/dns"
import { isLoopback } from "@countersign/engine"
import { parseMailFrom, parseSmtpUrl, type SmtpServer } from "@countersign/mailer-smtp"
import { type RelayVariable, readRelaySettings, relayVariables } from "@countersign/relay/settings"
import { Effect, Redacted, Result } from "effect"
import { ConfigProblem, checkAll, dataFolder, problem, required, text } from "./Config.ts"

export interface ListenConfig {
  readonly host: string
  readonly port: number
  /** Without a trailing slash; `undefined` means the address that is listened on. */
  readonly publicUrl: string | undefined
}

const host = Effect.gen(function* () {
  const given = ((yield* text("HOST")) ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1")
  if (isIP(given) === 0 && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(given)) {
    return yield* problem("HOST", "HOST must be an IP address or a host name.")
  }
  return given
})

const listenOn = Effect.fnUntraced(function* (host: string) {
  const portText = (yield* text("PORT")) ?? "3000"
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN
  if (!(port <= 65_535)) return yield* problem("PORT", "PORT must be a whole number from 0 to 65535.")
  const publicText = yield* text("PUBLIC_URL")
  if (publicText === undefined) {
    if (!isLoopback(host)) {
      return yield* problem(
        "PUBLIC_URL",
        `PUBLIC_URL is missing: mailed links start with it, and HOST ${host} does not tell it.`
      )
    }
    return { host, port, publicUrl: undefined } satisfies ListenConfig
  }
  return { host, port, publicUrl: yield* byRule("PUBLIC_URL", parsePublicUrl(publicText)) } satisfies ListenConfig
})

export const listenConfig = Effect.flatMap(host, listenOn)

/** Where a process without the confirmation pages listens: it cannot guess where the pages are. */
export const workerListenConfig = Effect.gen(function* () {
  const listen = yield* listenConfig
  if (listen.publicUrl === undefined) {
    return yield* problem(
      "PUBLIC_URL",
      "PUBLIC_URL is missing: with --worker-only, mailed links lead to another process."
    )
  }
  return listen
})

/** The URL of a listening address, without a trailing slash. */
export const urlOf = (host: string, port: number): string =>
  `http://${isIP(host) === 6 ? `[${host}]` : host}${port === 80 ? "" : `:${port}`}`

// ---------------------------------------------------------------------------------------------------------------------
// Links, mail and DNS

export type LinkSecrets = readonly [string, ...ReadonlyArray<string>]

export interface ServiceConfig {
  readonly secrets: Redacted.Redacted<LinkSecrets>
  readonly dkimZone: string
  readonly fallbackFrom: string | undefined
}

export interface ResolverConfig {
  /** Empty: the system's resolvers. */
  readonly dnsServers: ReadonlyArray<string>
  readonly dnsMode: "auto" | "resolver"
}

export interface WorldConfig {
  readonly smtpUrl: Redacted.Redacted
  readonly mailFrom: string
}

/** The rules of these settings hold for a host as well; the server says them with the name of its variable. */
const byRule = <A>(name: Parameters<typeof problem>[0], parsed: Result.Result<A, string>) =>
  Result.isFailure(parsed) ? problem(name, `${name} ${parsed.failure}.`) : Effect.succeed(parsed.success)

const linkSecrets = (value: string) =>
  Effect.map(byRule("COUNTERSIGN_SECRET", parseLinkSecrets(value)), (secrets) => Redacted.make(secrets))

const dkimZone = (value: string) => byRule("DKIM_ZONE", parseDkimZone(value))

const dnsServers = Effect.gen(function* () {
  const given = ((yield* text("DNS_SERVERS")) ?? "").split(",").filter((server) => server.trim() !== "")
  return yield* Effect.forEach(given, (server) =>
    Effect.mapError(Effect.fromResult(parseNameServer(server)), ({ message }) =>
      problem("DNS_SERVERS", `DNS_SERVERS cannot be used: ${message}`)
    )
  )
})

const dnsMode = Effect.gen(function* () {
  const mode = ((yield* text("DNS_MODE")) ?? "auto").toLowerCase()
  return mode === "auto" || mode === "resolver"
    ? mode
    : yield* problem("DNS_MODE", "DNS_MODE must be auto or resolver.")
})

/** Whether the signing keys are kept and used here. */
export const dkimKeysConfig = Effect.gen(function* () {
  const keys = ((yield* text("DKIM_KEYS")) ?? "here").toLowerCase()
  return keys === "here" || keys === "elsewhere"
    ? keys
    : yield* problem("DKIM_KEYS", "DKIM_KEYS must be here or elsewhere.")
})

/** Which resolvers are asked, and how. */
export const resolverConfig = Effect.all({ dnsServers, dnsMode })

/** The configured resolvers, or the system's. */
export const resolverLayer = ({ dnsServers: servers, dnsMode: mode }: ResolverConfig, more: WireResolverOptions = {}) =>
  WireResolver.layer({ ...more, mode, ...(servers.length > 0 ? { servers } : {}) })

const smtpServer = (value: string) =>
  Effect.mapError(Effect.fromResult(parseSmtpUrl(Redacted.make(value))), ({ reason }) =>
    problem("SMTP_URL", `SMTP_URL cannot be used: ${reason}.`)
  )
const smtpUrl = (value: string) => Effect.as(smtpServer(value), Redacted.make(value))

const mailFrom = (value: string) =>
  Effect.fromResult(parseMailFrom(value)).pipe(
    Effect.mapError(({ reason }) => problem("MAIL_FROM", `MAIL_FROM cannot be used: ${reason}.`)),
    Effect.as(value)
  )

const secretMeaning = "it signs the mailed links; `openssl rand -hex 32` makes one"
const zoneMeaning = "it is the DNS zone that customers' records point to"
const smtpMeaning = "it names the mail server, such as smtp://user:password@mail.example.com:587"
const fromMeaning = "it is the sender of the verification mails"

const serviceParts = {
  secrets: Effect.flatMap(required("COUNTERSIGN_SECRET", secretMeaning), linkSecrets),
  dkimZone: Effect.flatMap(required("DKIM_ZONE", zoneMeaning), dkimZone),
  fallbackFrom: Effect.flatMap(text("FALLBACK_FROM"), (value) =>
    value === undefined || Result.isSuccess(parseEmailAddress(value))
      ? Effect.succeed(value)
      : problem("FALLBACK_FROM", "FALLBACK_FROM must be an address without a name.")
  )
}

/** What every part of `serve` needs. */
export const serviceConfig = Effect.andThen(checkAll(serviceParts), Effect.all(serviceParts))

const worldParts = {
  smtpUrl: Effect.flatMap(required("SMTP_URL", smtpMeaning), smtpUrl),
  mailFrom: Effect.flatMap(required("MAIL_FROM", fromMeaning), mailFrom)
}

/** What the workers need to send mail. */
export const worldConfig = Effect.andThen(checkAll(worldParts), Effect.all(worldParts))

/** The settings of a relay in front of a mail server. `given` holds what is meant where nothing is set. */
const relayTo = Effect.fnUntraced(function* (upstream: SmtpServer, given: Map<RelayVariable, string | undefined>) {
  for (const { name } of relayVariables) given.set(name, (yield* text(name)) ?? given.get(name))
  const read = Effect.fromResult(readRelaySettings((name) => given.get(name), upstream))
  return yield* Effect.mapError(read, (problems) => new ConfigProblem(problems))
})

/** What `--relay` needs in front of the configured mail server. */
export const relayConfig = Effect.gen(function* () {
  const upstream = yield* Effect.flatMap(required("SMTP_URL", smtpMeaning), smtpServer)
  if ((yield* dkimKeysConfig) === "elsewhere") {
    return yield* problem("DKIM_KEYS", "DKIM_KEYS must be here with --relay: the relay signs.")
  }
  return yield* relayTo(upstream, new Map())
})

// ---------------------------------------------------------------------------------------------------------------------
// The sandbox

export interface SandboxConfig {
  readonly listen: ListenConfig
  /** Absolute; `undefined` means a temporary folder that goes at exit. */
  readonly folder: string | undefined
  /** `undefined` means that the sandbox makes its own, or finds it in the folder. */
  readonly secrets: Redacted.Redacted<LinkSecrets> | undefined
  readonly mailFrom: string
  readonly dkimZone: string
}

/** What `serve --sandbox` needs. It is refused where it could reach the world, or be reached from it. */
export const sandboxConfig = Effect.gen(function* () {
  const address = yield* host
  if (!isLoopback(address)) {
    return yield* problem(
      "HOST",
      `HOST ${address} is refused in the sandbox: it hands out its access token, so it listens on loopback only.`
    )
  }
  if ((yield* text("SMTP_URL")) !== undefined) {
    return yield* problem(
      "SMTP_URL",
      "SMTP_URL is refused in the sandbox: its mails go to its own inbox; unset it, or leave out --sandbox."
    )
  }
  if ((yield* text("DATABASE_URL")) !== undefined) {
    return yield* problem(
      "DATABASE_URL",
      "DATABASE_URL is refused in the sandbox: set COUNTERSIGN_DATA to keep what it stores, or leave out --sandbox."
    )
  }
  const secret = yield* text("COUNTERSIGN_SECRET")
  return {
    listen: yield* listenOn(address),
    folder: yield* dataFolder,
    secrets: secret === undefined ? undefined : yield* linkSecrets(secret),
    mailFrom: yield* mailFrom((yield* text("MAIL_FROM")) ?? "Countersign <no-reply@countersign.example>"),
    dkimZone: yield* dkimZone((yield* text("DKIM_ZONE")) ?? "dkim.countersign.example")
  } satisfies SandboxConfig
})

/** The relay of the sandbox, on a free port if none is set. */
export const sandboxRelayConfig = Effect.fnUntraced(function* (upstream: SmtpServer) {
  const settings = yield* relayTo(
    upstream,
    new Map([
      ["RELAY_LISTEN", "127.0.0.1:0"],
      ["RELAY_BOUNCE", "bounce@example.com"]
    ])
  )
  return isLoopback(settings.host)
    ? settings
    : yield* problem("RELAY_LISTEN", "RELAY_LISTEN is refused in the sandbox: it listens on loopback only.")
})
