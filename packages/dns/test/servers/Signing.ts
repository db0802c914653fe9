/**
 * Signs a zone file as its owner would, with the tools of BIND.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { type Program, pathOf } from "./Programs.ts"

/** Long over: what a zone is whose owner forgot to sign it again. The tool would not do it if it looked (-P). */
const yearsAgo = ["-P", "-s", "20200101000000", "-e", "20200201000000"]

/** Signs the file in place; answers the file with the key that a resolver has to trust. */
export const sign = (folder: string, apex: string, file: string, when: "now" | "years ago"): string => {
  const run = (program: Program, ...args: ReadonlyArray<string>): string =>
    execFileSync(pathOf(program), args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim()
  const key = run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", apex)
  // One key for everything (-z), which it finds in the folder (-S).
  run("dnssec-signzone", "-q", "-S", "-z", ...(when === "now" ? [] : yearsAgo), "-o", apex, "-f", file, file)
  return join(folder, `${key}.key`)
}
