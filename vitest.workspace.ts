import { existsSync, readdirSync } from "node:fs"
import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

// One project per package, so that `--project core` runs one of them. The "source" condition makes the packages resolve
// each other's TypeScript; nothing has to be built before the tests run. Besides it there is only "node", as in production:
// a list here replaces vite's own, which also has "module" and "development".
const conditions = ["source", "node"]
const packages = readdirSync(new URL("packages", import.meta.url)).filter((name) =>
  existsSync(new URL(`packages/${name}/package.json`, import.meta.url))
)

/** What the quick mode leaves out, because it takes most of the time: by package. The end of such a run says it. */
const slow: ReadonlyArray<{ readonly what: string; readonly files: Readonly<Record<string, string>> }> = [
  {
    what: "everything on PostgreSQL",
    files: { "storage-postgres": "**", server: "*postgres.test.ts", testkit: "postgres/**" }
  },
  {
    what: "processes that are killed",
    files: {
      server: "{kill.test.ts,stress/**}",
      engine: "crash.test.ts",
      "storage-sqlite": "crash.test.ts",
      countersign: "stress/events.test.ts"
    }
  },
  {
    what: "SQLite on its thread, and many processes on one file",
    files: { "storage-sqlite": "{SqliteThread.contract,processes,checkpoints}.test.ts" }
  },
  { what: "the operator's commands", files: { server: "{maintenance,operator,transfer}.test.ts" } },
  { what: "the commands of the documentation", files: { testkit: "shell-blocks.test.ts" } },
  { what: "the benchmarks' workloads", files: { bench: "stress/workloads.test.ts" } },
  { what: "the installer", files: { testkit: "install.test.ts" } },
  { what: "the pages in a browser", files: { server: "browser.test.ts" } }
]

/**
 * Their tests change what a process has but once, such as its environment. The files of the others share a worker's modules: loading Effect
 * anew for each of them is a fifth of a run.
 */
const ownProcesses = ["server", "testkit", "bench"]

/** What only `npm run test:servers` runs: it needs name servers that the system must bring. */
const onServers = "test/servers/**"

export default defineConfig(({ mode }) => {
  const left = mode === "quick" ? slow : []
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      // Many tests wait for processes, disks and servers; with one worker, which is vitest's choice for two cores, one core stands idle.
      maxWorkers: Math.max(2, availableParallelism()),
      // Only against hanging: no test depends on how fast the machine is.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // Answers for the PostgreSQL servers of the run; starts one when the first test asks for it.
      globalSetup: ["./packages/testkit/src/postgres/VitestSetup.ts"],
      // With the name servers it matters how long each case takes.
      reporters: [
        mode === "servers" ? "verbose" : "default",
        ["./.ci/summary-reporter.mjs", { leftOut: left.map(({ what }) => what) }]
      ],
      projects: packages.map((name) => ({
        extends: true,
        test: {
          name,
          root: `packages/${name}`,
          isolate: ownProcesses.includes(name),
          include: ["test/**/*.test.ts"],
          exclude: [
            ...left.flatMap(({ files }) => (files[name] === undefined ? [] : [`test/${files[name]}`])),
            ...(mode === "servers" ? [] : [onServers])
          ]
        }
      }))
    }
  }
})
