/**
 * How a connection is made: from the address, with the TLS that its `sslmode` asks for.
 *
 * The modes are those of libpq (https://www.postgresql.org/docs/current/libpq-ssl.html), and mean the same: `require`
 * encrypts and trusts whoever answers, unless `sslrootcert` is given; `verify-ca` checks the certificate, `verify-full`
 * its name as well. Two differ: without a mode nothing is encrypted, and `prefer`, where the server offers TLS, checks
 * its certificate.
 */
import { readFileSync } from "node:fs"
import { connect as connectSocket, type Socket } from "node:net"
import type { ConnectionOptions } from "node:tls"
import { StorageUnavailable } from "@countersign/engine"
import type { PgConnection } from "@effect/sql-pg"
import { Duration, Effect, Redacted } from "effect"
import type { SchemaNames } from "./SchemaNames.ts"

/** Where the database is, when it is not told as one URL. */
export interface PostgresAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  /** 5432 when absent. */
  readonly port?: number
  readonly database: string
  readonly user: string
  readonly password?: Redacted.Redacted
  /** As in a URL; `disable` when absent. */
  readonly sslmode?: "disable" | "prefer" | "require" | "verify-ca" | "verify-full"
  /** The file of the certificates to trust, in PEM; the system's own when absent. */
  readonly sslrootcert?: string
}

export const urlOf = (address: PostgresAddress): Redacted.Redacted => {
  const url = new URL(`postgres://localhost/${encodeURIComponent(address.database)}`)
  url.username = encodeURIComponent(address.user)
  if (address.password !== undefined) url.password = encodeURIComponent(Redacted.value(address.password))
  url.searchParams.set("host", address.host)
  url.searchParams.set("port", String(address.port ?? 5432))
  if (address.sslmode !== undefined) url.searchParams.set("sslmode", address.sslmode)
  if (address.sslrootcert !== undefined) url.searchParams.set("sslrootcert", address.sslrootcert)
  return Redacted.make(url.href)
}

/** What holds for the connections of one store. */
export interface DatabaseOptions {
  readonly settings: PgConnection.Config
  readonly names: SchemaNames
  readonly connections: number
  readonly clock: "database" | "effect"
  readonly patience: Duration.Duration
  /** How long a statement may take; longer than the functions wait for a lock. */
  readonly statementLimit: Duration.Duration
  readonly allowUnsafe: boolean
}

/** What every connection of the storage shares. */
export const connectionSettings = (
  url: Redacted.Redacted,
  { pooler }: { readonly pooler: boolean }
): Effect.Effect<PgConnection.Config, StorageUnavailable> =>
  Effect.try({
    try: () => ({
      url,
      ...tls(new URL(Redacted.value(url)).searchParams),
      connectTimeout: Duration.seconds(5),
      keepAlive: Duration.seconds(30),
      applicationName: "countersign",
      // A conflict carries every newer event, however many.
      maxMessageSize: 1_024 * 1_024 * 1_024 - 1,
      // A named statement lives in one session, and behind a transaction pooler the next query may be in another.
      prepare: !pooler
    }),
    catch: (cause) => new StorageUnavailable({ reason: settingsReason(cause), cause })
  })

const settingsReason = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && cause.code !== "ERR_INVALID_URL"
    ? `a certificate file of the database's address cannot be read (${String(cause.code)})`
    : "the address of the database is not valid"

const tls = (parameters: URLSearchParams): { readonly ssl?: boolean | ConnectionOptions } => {
  const mode = parameters.get("sslmode")
  const root = parameters.get("sslrootcert")
  const files = {
    ...(root === null || root === "system" ? {} : { ca: readFileSync(root) }),
    ...file("cert", parameters.get("sslcert")),
    ...file("key", parameters.get("sslkey"))
  }
  switch (mode) {
    case "require":
      return { ssl: root === null ? { ...files, rejectUnauthorized: false } : { ...files, ...anyName } }
    case "verify-ca":
      return { ssl: { ...files, ...anyName } }
    case "verify-full":
      return { ssl: files }
    default:
      // Left to the driver, which reads the mode from the URL.
      return {}
  }
}

const anyName: ConnectionOptions = { checkServerIdentity: () => undefined }

const file = (option: "cert" | "key", path: string | null): { readonly [name: string]: Buffer } =>
  path === null ? {} : { [option]: readFileSync(path) }

/** Tells whether a connection has been closed, which the driver keeps to itself until it is used again. */
export interface Watched {
  readonly settings: PgConnection.Config
  readonly isClosed: () => boolean
}

/**
 * The settings for one connection whose end is seen at once: a commit must know whether it was sent before the
 * connection was lost or never.
 */
export const watched = (settings: PgConnection.Config): Watched => {
  let first: Socket | undefined
  let closed = false
  const { host, port } = hostOf(settings)
  const stream = () => {
    const socket = connectSocket(
      host.startsWith("/")
        ? { path: `${host}/.s.PGSQL.${port}` }
        : { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }
    )
    // The driver opens further sockets to cancel what runs on the first.
    if (first === undefined) {
      first = socket
      socket.once("close", () => {
        closed = true
      })
      socket.once("end", () => {
        closed = true
      })
    }
    return socket
  }
  return { settings: { ...settings, stream }, isClosed: () => closed }
}

const hostOf = ({ url }: PgConnection.Config): { readonly host: string; readonly port: number } => {
  const parsed = new URL(url === undefined ? "postgres://localhost" : Redacted.value(url))
  const host = parsed.searchParams.get("host") ?? decodeURIComponent(parsed.hostname)
  const port = parsed.searchParams.get("port") ?? parsed.port
  return { host: host === "" ? "localhost" : host.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? 5432 : Number(port) }
}
