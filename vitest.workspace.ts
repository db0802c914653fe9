import { readdirSync } from "node:fs"
import { defineConfig } from "vitest/config"

// One project per package, so that `--project core` runs one of them. The "source" condition makes the packages resolve
// each other's TypeScript; nothing has to be built before the tests run.
const conditions = ["source"]
const packages = readdirSync(new URL("packages", import.meta.url))

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: packages.map((name) => ({
      extends: true,
      test: { name, root: `packages/${name}`, include: ["test/**/*.test.ts"] }
    }))
  }
})
