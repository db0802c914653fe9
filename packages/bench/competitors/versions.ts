/**
 * Versions of installed packages, from their manifests: some keep those out of their exports.
 */
import { readFileSync } from "node:fs"

export const versionsOf = (...names: ReadonlyArray<string>): { readonly [name: string]: string } =>
  Object.fromEntries(
    names.map((name) => {
      const manifest = new URL(`./node_modules/${name}/package.json`, import.meta.url)
      const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }
      return [name, version]
    })
  )
