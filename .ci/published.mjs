// The folder of the repository, and the names of the packages that will be published.

import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

export const published = readdirSync(join(root, "packages"))
  .sort()
  .filter((name) => {
    const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"))
    return manifest.private !== true
  })
