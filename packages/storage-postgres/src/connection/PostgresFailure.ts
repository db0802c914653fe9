/**
 * What PostgreSQL's errors mean to a caller: the storage is not available, and why, in one sentence.
 *
 * The codes are those of https://www.postgresql.org/docs/current/errcodes-appendix.html.
 */
import { StorageUnavailable } from "@countersign/engine"
import type { SqlError } from "effect/sql/SqlError"

/** How our own statements say that the schema is not ours to write to. */
export const foreignSchema = "CS001"

const reasons: ReadonlyArray<readonly [prefix: string, reason: string]> = [
  [foreignSchema, "the schema holds tables of another program"],
  ["08", "the connection to the database was lost"],
  ["25006", "the database may only be read; it is a standby, perhaps"],
  ["28", "the database refuses the user or the password"],
  ["3D000", "there is no such database"],
  ["42501", "the database user lacks a privilege"],
  ["40P01", "the database ended a deadlock"],
  ["53100", "the disk of the database is full"],
  ["53200", "the database has no memory left"],
  ["53300", "the database has no connection left"],
  ["53", "the database lacks a resource"],
  ["55P03", "another process has held the database for too long"],
  ["57014", "the database took too long to answer"],
  ["57P", "the database is shutting down or starting"],
  ["58", "the database has trouble with its disk"],
  ["XX001", "the database is damaged"],
  ["XX002", "the database is damaged"],
  ["22", "the data was refused"],
  ["23", "the data was refused"],
  ["54", "the data was refused"]
]

/** The server's own code, where the server was reached. */
const sqlState = ({ reason }: SqlError): string | undefined => {
  const { cause } = reason
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" && /^[0-9A-Z]{5}$/.test(cause.code)
    ? cause.code
    : undefined
}

/** While it was being opened: nothing was asked of the server yet. */
export const isConnecting = ({ reason }: SqlError): boolean => reason.operation === "connect"

/** Nobody knows whether the server did what it was asked: it was not the server that said so. */
export const isLost = (error: SqlError): boolean =>
  error.reason._tag === "ConnectionError" || (sqlState(error)?.startsWith("57P") ?? false)

/** Worth trying again in a moment. What an operator must mend first is not. */
export const isPassing = (error: SqlError): boolean => {
  if (!isConnecting(error)) return isLost(error)
  const state = sqlState(error)
  return state === undefined
    ? error.reason._tag === "ConnectionError" && !isMisconfigured(error)
    : /^(53|57P)/.test(state)
}

/**
 * How Node says that a certificate does not do (https://nodejs.org/api/tls.html#x509-certificate-error-codes), or that
 * there is no TLS.
 */
const certificateCode = /CERT|SSL|TLS|CRL|SIGNATURE|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH/

/** Trying again would end the same way. */
const isMisconfigured = ({ reason }: SqlError): boolean =>
  /TLS|URL|Unsupported|Invalid/.test(reason.message ?? "") ||
  (reason.cause instanceof Error && "code" in reason.cause && certificateCode.test(String(reason.cause.code)))

/** `undefined` when the error comes from this program: then it is a defect. */
export const storageUnavailable = (error: SqlError): StorageUnavailable | undefined => {
  const state = sqlState(error)
  if (state !== undefined) {
    const known = reasons.find(([prefix]) => state.startsWith(prefix))
    return new StorageUnavailable({ reason: known?.[1] ?? `PostgreSQL error ${state}`, cause: error })
  }
  switch (error.reason._tag) {
    case "ConnectionError":
      return new StorageUnavailable({ reason: connectionReason(error), cause: error })
    case "AuthenticationError":
      return new StorageUnavailable({ reason: "the database refuses the user or the password", cause: error })
    default:
      return undefined
  }
}

const connectionReason = (error: SqlError): string => {
  if (!isConnecting(error)) return "the connection to the database was lost"
  const { cause, message } = error.reason
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  if (certificateCode.test(code)) return `the database's certificate is not accepted (${code})`
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the name of the database's host is not known"
  if (code === "ENOENT") return "there is no such socket of a database"
  if (/URL|Unsupported|Invalid/.test(message ?? "")) return "the address of the database is not valid"
  if (/TLS/.test(message ?? "")) return "the database does not speak TLS"
  return "the database cannot be reached"
}
