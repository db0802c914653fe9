/**
 * `npm run bench [-- workload ...] [--json] [--save file] [--dir folder] [--hold seconds]`: measures, and prints the
 * figures on standard output, as a table or as JSON. `--save` writes the JSON to a file, too; `--hold` says how long
 * `postgres` holds a snapshot.
 *
 * Nothing here judges a change by itself: no test asserts a figure, for what a machine does in a second is not ours to
 * promise.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { installCompetitors } from "./contest/Install.ts"
import type { Figure } from "./Figure.ts"
import { readMachine, toText } from "./Machine.ts"
import { toMarkdown } from "./Table.ts"
import { fullScale, type Scale, type Workload } from "./Workload.ts"
import { claims } from "./workloads/Claims.ts"
import { commit } from "./workloads/Commit.ts"
import { makeCompetitors } from "./workloads/Competitors.ts"
import { fold } from "./workloads/Fold.ts"
import { http } from "./workloads/Http.ts"
import { lists } from "./workloads/Lists.ts"
import { memory } from "./workloads/Memory.ts"
import { postgres } from "./workloads/Postgres.ts"
import { start } from "./workloads/Start.ts"
import { verification } from "./workloads/Verification.ts"

const workloads: ReadonlyArray<Workload> = [
  commit,
  fold,
  http,
  lists,
  memory,
  start,
  postgres,
  claims,
  verification,
  makeCompetitors(installCompetitors)
]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    save: { type: "string" },
    dir: { type: "string", default: tmpdir() },
    hold: { type: "string", default: String(fullScale.held.seconds) }
  }
})

const unknown = positionals.filter((wanted) => !workloads.some(({ name }) => name === wanted))
if (unknown.length > 0) {
  console.error(
    `There is no workload ${unknown.join(", ")}. There are: ${workloads.map(({ name }) => name).join(", ")}.`
  )
  process.exit(1)
}

const seconds = Number(values.hold)
if (!(seconds > 0)) {
  console.error(`--hold takes a number of seconds, not ${values.hold}.`)
  process.exit(1)
}

const scale: Scale = { ...fullScale, held: { seconds } }
const progress = (line: string) => console.error(`${process.uptime().toFixed(0).padStart(4)} s  ${line}`)
const folder = mkdtempSync(join(values.dir, "countersign-bench-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

const machine = readMachine(folder)
const figures: Array<Figure> = []
for (const { name, onRequest, run } of workloads) {
  if (positionals.length === 0 ? onRequest !== true : positionals.includes(name)) {
    figures.push(...(await run({ scale, folder, progress })))
  }
}
const json = JSON.stringify({ machine, figures }, undefined, 2)
if (values.save !== undefined) writeFileSync(values.save, `${json}\n`)
console.log(values.json ? json : `${toText(machine)}\n\n${toMarkdown(figures)}`)
