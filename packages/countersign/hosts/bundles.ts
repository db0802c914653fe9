/**
 * A service as a bundle of esbuild, with the options that `docs/reference/runtimes.md` gives; and without them, which it
 * has to say.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { environment, expectRefusal, type Host, replacements, type Surroundings } from "./Host.ts"
import { root } from "./Packages.ts"
import { writeFiles } from "./Pages.ts"
import { freePort, node, run, serving } from "./Programs.ts"
import { confirm, walk } from "./Walk.ts"

const page = "docs/reference/runtimes.md"

/** What the page's command has besides the entry, the format and the output. */
const optionsOfPage = (): ReadonlyArray<string> => {
  const command = /^npx esbuild (.+)$/m.exec(readFileSync(join(root, page), "utf8"))?.[1]
  if (command === undefined) throw new Error(`${page} has no command of esbuild`)
  return command.split(" ").filter((word) => /^--(?!format|outfile)/.test(word))
}

export const bundles = async (surroundings: Surroundings): Promise<ReadonlyArray<Host>> => {
  const { tools, inbox } = surroundings
  const options = optionsOfPage()

  const bundle = async (cwd: string, entry: string, format: "esm" | "cjs", words: ReadonlyArray<string>) => {
    const output = format === "esm" ? "bundle.mjs" : "bundle.cjs"
    const esbuild = join(tools, "node_modules", "esbuild", "bin", "esbuild")
    const log = "--log-level=error"
    await run(node, [esbuild, entry, ...words, `--format=${format}`, `--outfile=${output}`, log], { cwd })
    return output
  }

  /** A service of a page, as sources in a folder of its own. */
  const written = (name: string, howTo: string, port: number, more: Readonly<Record<string, string>> = {}) => {
    const folder = join(tools, name)
    writeFiles(`docs/how-to/${howTo}.md`, folder, { ...replacements(surroundings, port), ...more })
    return folder
  }

  const attempt = (cwd: string, program: string) => run(node, [program], { cwd, env: environment })

  return [
    {
      name: "a bundle of ES modules",
      run: async () => {
        const port = await freePort()
        const cwd = written("bundle-esm", "hono", port)
        const program = await bundle(cwd, "main.ts", "esm", options)
        const url = `http://127.0.0.1:${port}`
        await serving(node, [program], { cwd, env: environment, url }, () => walk(url, inbox))
      }
    },
    {
      name: "a bundle of CommonJS",
      run: async () => {
        const port = await freePort()
        const address = `billing-${port}@acme.com`
        const cwd = written("bundle-cjs", "commonjs", port, { "billing@acme.com": address })
        const program = await bundle(cwd, "main.cjs", "cjs", options)
        const url = `http://127.0.0.1:${port}`
        await serving(node, [program], { cwd, env: environment, url }, () => confirm(url, inbox, address))
      }
    },
    {
      name: "bundles with everything in them say what to leave out",
      run: async () => {
        const everything = options.filter((word) => !word.startsWith("--external"))
        const modules = written("bundle-all-esm", "hono", await freePort())
        await expectRefusal(attempt(modules, await bundle(modules, "main.ts", "esm", everything)))
        const commonjs = written("bundle-all-cjs", "commonjs", await freePort())
        await expectRefusal(attempt(commonjs, await bundle(commonjs, "main.cjs", "cjs", everything)))
      }
    }
  ]
}
