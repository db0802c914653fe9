/**
 * Next, NestJS and Hono, each as its page in `docs/how-to` has it.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { environment, expectRefusal, type Host, replacements, type Surroundings } from "./Host.ts"
import { writeFiles } from "./Pages.ts"
import { freePort, node, run, serving } from "./Programs.ts"
import { walk } from "./Walk.ts"

/** NestJS's own, on modules of ECMAScript. */
const compilerOptions = {
  target: "es2023",
  module: "nodenext",
  strict: true,
  types: ["node"],
  experimentalDecorators: true,
  emitDecoratorMetadata: true
}

export const frameworks = async (surroundings: Surroundings): Promise<ReadonlyArray<Host>> => {
  const { tools, folder, inbox } = surroundings
  const installed = (...path: ReadonlyArray<string>) => join(tools, "node_modules", ...path)

  const walkThrough = async (
    cwd: string,
    program: string,
    port: number,
    env: Readonly<Record<string, string>> = {}
  ) => {
    const url = `http://127.0.0.1:${port}`
    await serving(node, [program], { cwd, url, env: { ...environment, ...env } }, () => walk(url, inbox))
  }

  /** The service of a page, compiled as its users compile it. */
  const compiled = (page: string) => async () => {
    const port = await freePort()
    const cwd = join(tools, page)
    writeFiles(`docs/how-to/${page}.md`, cwd, replacements(surroundings, port))
    writeFileSync(join(cwd, "package.json"), '{ "type": "module" }')
    writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions }))
    await run(node, [installed("typescript", "bin", "tsc")], { cwd })
    await walkThrough(cwd, "main.js", port)
    // SQLite removes its log when the last connection is closed in order.
    if (existsSync(join(cwd, "countersign.db-wal"))) throw new Error("Countersign was not closed")
  }

  const buildNext = () =>
    run(node, [installed("next", "dist", "bin", "next"), "build"], {
      cwd: tools,
      env: { NEXT_TELEMETRY_DISABLED: "1" }
    })

  return [
    {
      // It takes the folder of the lock file for the application, and what the others put there later for a part of it.
      name: "Next, built as standalone and moved",
      run: async () => {
        const port = await freePort()
        writeFiles("docs/how-to/next.md", tools, replacements(surroundings, port))
        await buildNext()
        const moved = join(folder, "moved")
        mkdirSync(folder, { recursive: true })
        renameSync(join(tools, ".next", "standalone"), moved)
        await walkThrough(moved, "server.js", port, { PORT: String(port), HOSTNAME: "127.0.0.1" })
      }
    },
    {
      name: "Next with everything in its bundle says what to leave out",
      run: async () => {
        writeFileSync(join(tools, "next.config.mjs"), "export default {}")
        await expectRefusal(buildNext())
      }
    },
    { name: "NestJS on Express", run: compiled("nestjs") },
    { name: "Hono on Node", run: compiled("hono") }
  ]
}
