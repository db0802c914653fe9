/**
 * Somebody's first program: the eight lines of the README, on the oldest Node and on this one, beside another patch of
 * Effect and beside Effect 3, and from CommonJS.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { environment, type Host, nodes, replacements, type Surroundings } from "./Host.ts"
import { copiesOf, install, packNextEffect, readManifest } from "./Packages.ts"
import { blockWith, writeFiles } from "./Pages.ts"
import { freePort, node as own, run, serving } from "./Programs.ts"
import { confirm } from "./Walk.ts"

const expectSame = (what: string, actual: ReadonlyArray<string>, expected: ReadonlyArray<string>) => {
  if (actual.join() !== expected.join()) throw new Error(`${what}: ${actual.join(", ")}, not ${expected.join(", ")}`)
}

interface Program {
  readonly node: string
  readonly folder: string
  /** Its file, new in the folder. */
  readonly file: string
  /** What stands behind the lines of the README. */
  readonly lines: ReadonlyArray<string>
  /** The last line that it prints. */
  readonly prints: string
}

const runProgram = async (surroundings: Surroundings, { node, folder, file, lines, prints }: Program) => {
  const readme = blockWith("README.md", "createCountersign(", replacements(surroundings, 0))
  const end = "await countersign.close()"
  writeFileSync(join(folder, file), [readme, ...lines, end].join("\n").replace("countersign.db", `${file}.db`))
  const output = await run(node, [file], { cwd: folder, env: environment })
  if (output.trim().split("\n").at(-1) !== prints) throw new Error(`${file} printed:\n${output}`)
}

export const newcomers = async (surroundings: Surroundings): Promise<ReadonlyArray<Host>> => {
  const { folder, tarballs, inbox } = surroundings
  const [plain, patch, three] = [join(folder, "plain"), join(folder, "patch"), join(folder, "three")]
  mkdirSync(folder, { recursive: true })
  const next = await packNextEffect(folder)
  await Promise.all([
    install(plain, tarballs, { dependencies: {} }),
    install(patch, tarballs, { dependencies: { effect: next.file } }),
    install(three, tarballs, { dependencies: { effect: "3.22.4" } })
  ])
  const ofNode = ({ version, program: node }: ReturnType<typeof nodes>[number]): ReadonlyArray<Host> => {
    const title = `Node ${version}`
    return [
      {
        name: `${title}: the program of the README`,
        run: () => {
          const lines = ["console.log(sender.status)"]
          return runProgram(surroundings, { node, folder: plain, file: `${version}.mjs`, lines, prints: "pending" })
        }
      },
      {
        name: `${title}: require, from CommonJS`,
        run: async () => {
          const manifest = readManifest(join(plain, "node_modules", "countersign"))
          const entries = Object.keys(manifest.exports ?? {}).map((path) => path.replace(".", "countersign"))
          const all = entries.map((entry) => `require("${entry}")`).join("\n")
          await run(node, ["--input-type=commonjs", "--eval", all], { cwd: plain })
          const here = join(plain, version)
          const port = await freePort()
          const address = `billing-${port}@acme.com`
          writeFiles("docs/how-to/commonjs.md", here, {
            ...replacements(surroundings, port),
            "billing@acme.com": address
          })
          const url = `http://127.0.0.1:${port}`
          await serving(node, ["main.cjs"], { cwd: here, env: environment, url }, () => confirm(url, inbox, address))
        }
      }
    ]
  }
  return [
    ...nodes(surroundings).flatMap(ofNode),
    {
      name: `an application with Effect ${next.version}`,
      run: async () => {
        expectSame("copies of effect", copiesOf(patch, "effect"), [`node_modules/effect ${next.version}`])
        // A layer with a value of the application's own Effect: another copy could not read it.
        const lines = [
          'import { SmtpMailer } from "@countersign/mailer-smtp"',
          'import { Effect, Layer, Redacted } from "effect"',
          'const mailer = SmtpMailer.layer({ url: Redacted.make("smtp://127.0.0.1:9"), from: "verify@example.com" })',
          "await Effect.runPromise(Effect.scoped(Layer.build(mailer)))",
          "console.log(sender.status)"
        ]
        await runProgram(surroundings, { node: own, folder: patch, file: "patch.mjs", lines, prints: "pending" })
      }
    },
    {
      name: "an application on Effect 3",
      run: async () => {
        const four = readManifest(join(plain, "node_modules", "effect")).version
        expectSame("copies of effect", copiesOf(three, "effect"), [
          `node_modules/countersign/node_modules/effect ${four}`,
          "node_modules/effect 3.22.4"
        ])
        const lines = [
          'import { Effect } from "effect"',
          "const refused = countersign.senders.add({ account: 'acme', address: 'nobody' })",
          "const caught = Effect.tryPromise({ try: () => refused, catch: (error) => error }).pipe(Effect.catchAll(Effect.succeed))",
          "console.log(sender.status, (await Effect.runPromise(caught))._tag)"
        ]
        const prints = "pending AddressRefused"
        await runProgram(surroundings, { node: own, folder: three, file: "three.mjs", lines, prints })
      }
    }
  ]
}
