/**
 * Installs the competitors into a folder of their own, which no workspace and no package of the product knows, the
 * first time they are asked for and whenever their lock file has changed.
 */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** The folder with the competitors' programs and their `package-lock.json`. */
export const competitorsFolder = new URL("../../competitors/", import.meta.url)

/** Answers why it did not work, or nothing when it did. */
export type Install = (progress: (line: string) => void) => Promise<string | undefined>

export const installCompetitors: Install = async (progress) => {
  const lock = readFileSync(new URL("package-lock.json", competitorsFolder))
  const wanted = createHash("sha256").update(lock).digest("hex")
  const stamp = new URL("node_modules/.countersign-lock", competitorsFolder)
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return undefined
  progress("competitors: they are installed; one is compiled, which takes a minute or two")
  const failure = await npmCi()
  if (failure === undefined) writeFileSync(stamp, wanted)
  return failure
}

const npmCi = (): Promise<string | undefined> =>
  new Promise((resolve) => {
    const child = spawn("npm", ["ci"], {
      cwd: fileURLToPath(competitorsFolder),
      stdio: ["ignore", "ignore", "pipe"],
      shell: process.platform === "win32"
    })
    let said = ""
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk
    })
    child.once("error", ({ message }) => resolve(`npm could not be started: ${message}`))
    child.once("exit", (code) => {
      const reason =
        said
          .split("\n")
          .find((line) => line.includes("error"))
          ?.trim() ?? "it did not say why"
      resolve(code === 0 ? undefined : `they could not be installed: ${reason}`)
    })
  })
