/**
 * The name servers that the system must bring: where they are, and in which package of Debian.
 */
import { existsSync } from "node:fs"

const packages = {
  named: "bind9",
  nsd: "nsd",
  unbound: "unbound",
  "dnssec-keygen": "bind9-utils",
  "dnssec-signzone": "bind9-utils",
  setpriv: "util-linux"
} as const

export type Program = keyof typeof packages

/** Some are in the administrator's folder, which is not in everybody's path. */
const find = (program: string): string | undefined =>
  ["/usr/sbin", "/usr/bin"].map((folder) => `${folder}/${program}`).find((path) => existsSync(path))

/** For each program that is not there, the line that the end of a run says. */
export const notTested: ReadonlyArray<string> = Object.entries(packages)
  .filter(([program]) => find(program) === undefined)
  .map(
    ([program, name]) =>
      `NOT TESTED: the resolver at real name servers, because ${program} is not installed (apt-get install ${name})`
  )

export const pathOf = (program: Program): string => {
  const path = find(program)
  if (path === undefined) throw new Error(`${program} is not installed`)
  return path
}

/** The arguments of `setpriv` that run a program and end it when this process ends, for whatever reason (prctl(2)). */
export const leashed = (program: string, args: ReadonlyArray<string>): ReadonlyArray<string> => [
  "--pdeathsig",
  "KILL",
  program,
  ...args
]
