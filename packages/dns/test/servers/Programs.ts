/**
 * The name servers that the system must bring: where they are, and in which package of Debian.
 */
import { existsSync } from "node:fs"

const programs = {
  bind: { path: "/usr/sbin/named", package: "bind9" },
  nsd: { path: "/usr/sbin/nsd", package: "nsd" },
  unbound: { path: "/usr/sbin/unbound", package: "unbound" },
  keygen: { path: "/usr/bin/dnssec-keygen", package: "bind9-utils" },
  signzone: { path: "/usr/bin/dnssec-signzone", package: "bind9-utils" }
} as const

/** Ends the program that it becomes when the process that started it ends, for whatever reason (`prctl(2)`). */
const leash = { path: "/usr/bin/setpriv", package: "util-linux" } as const

type Program = keyof typeof programs

/** A line for each program that is not there. */
export const missingPrograms: ReadonlyArray<string> = [...Object.values(programs), leash]
  .filter(({ path }) => !existsSync(path))
  .map(({ path, package: name }) => `${path} is not installed (apt-get install ${name})`)

export const pathOf = (program: Program): string => programs[program].path

/** The command that runs a program until it is ended, or until this process ends. */
export const leashed = (
  program: Program,
  args: ReadonlyArray<string>
): { readonly command: string; readonly args: ReadonlyArray<string> } => ({
  command: leash.path,
  args: ["--pdeathsig", "KILL", programs[program].path, ...args]
})
