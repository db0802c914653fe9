/**
 * What SQLite's errors mean to a caller: the storage is not available, and why, in one sentence.
 *
 * The result codes are those of https://www.sqlite.org/rescode.html; `node:sqlite` gives the extended code in
 * `errcode`, whose low byte is the primary one.
 */
import { StorageUnavailable } from "@countersign/engine"
import { ForeignDatabase } from "../migrations/Migrations.ts"

const busy = 5
const ioError = 10
const cannotOpen = 14

const reasons: { readonly [primary: number]: string } = {
  3: "access to the database file is denied",
  [busy]: "another process has held the database for too long",
  6: "another connection has held the database for too long",
  7: "there is no memory left",
  8: "the database file cannot be written to",
  [ioError]: "the disk cannot be read or written",
  11: "the database file is damaged",
  13: "the disk is full",
  [cannotOpen]: "the database file cannot be opened",
  19: "the data was refused",
  26: "the file is not a database"
}

/** The primary result code; none when the error is not of SQLite. */
const primaryCode = (cause: unknown): number | undefined =>
  cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode & 0xff : undefined

export const isSqliteError = (cause: unknown): boolean => primaryCode(cause) !== undefined

/** Another connection holds a lock: worth trying again in a moment. */
export const isBusy = (cause: unknown): boolean => primaryCode(cause) === busy

/** The disk failed: at a COMMIT, nobody knows what a crash would bring back. */
export const isDiskFailure = (cause: unknown): boolean => primaryCode(cause) === ioError

/** An error of the file system, from making the file or its folder. */
const isSystemError = (cause: unknown): cause is Error & { readonly code: string } =>
  cause instanceof Error && "syscall" in cause && "code" in cause && typeof cause.code === "string"

/** `undefined` when the error does not come from the storage: then it is a defect. */
export const storageUnavailable = (cause: unknown): StorageUnavailable | undefined => {
  if (cause instanceof ForeignDatabase) return new StorageUnavailable({ reason: cause.message, cause })
  const code = primaryCode(cause)
  if (code !== undefined) return new StorageUnavailable({ reason: reasons[code] ?? `SQLite error ${code}`, cause })
  if (isSystemError(cause)) return new StorageUnavailable({ reason: systemReason(cause.code), cause })
  return undefined
}

const systemReason = (code: string): string => {
  switch (code) {
    case "ENOENT":
      return "the folder that should hold the database's folder does not exist"
    case "ENOTDIR":
    case "EEXIST":
      return "the folder of the database is not a folder"
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "the database file may not be written to"
    case "EISDIR":
      return "the database file is a folder"
    case "ENOSPC":
      return "the disk is full"
    default:
      return `the database file cannot be made (${code})`
  }
}
