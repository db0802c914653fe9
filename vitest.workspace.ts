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

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Many tests wait for processes, disks and servers; with one worker, which is vitest's choice for two cores, one core stands idle.
    maxWorkers: Math.max(2, availableParallelism()),
    // Answers for the PostgreSQL servers of the run; starts one when the first test asks for it.
    globalSetup: ["./packages/testkit/src/postgres/VitestSetup.ts"],
    reporters: ["default", "./.ci/summary-reporter.mjs"],
    projects: packages.map((name) => ({
      extends: true,
      test: { name, root: `packages/${name}`, include: ["test/**/*.test.ts"] }
    }))
  }
})
