/**
 * The repository as the rules of the rooms see it: the names at the top, and of each package its manifest, its project
 * references and its sources. A plain value, so that a test can plant a fault in a copy of it.
 */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"

export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface SourceFile {
  /** Relative to the package, with slashes: `src/Senders.ts`. */
  readonly path: string
  readonly text: string
}

export interface Package {
  /** The name of its folder, which is its name in the scope too. */
  readonly room: string
  readonly manifest: Manifest
  readonly files: ReadonlyArray<SourceFile>
  /** The rooms that `tsconfig.json` and `test/tsconfig.json` refer to; undefined when there is no such file. */
  readonly references: { readonly src: ReadonlyArray<string>; readonly test: ReadonlyArray<string> | undefined }
}

export interface House {
  /** Everything at the top level of the repository, untracked leftovers included. */
  readonly top: ReadonlyArray<string>
  readonly manifest: Manifest
  readonly packages: ReadonlyArray<Package>
}

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../../../../", import.meta.url))

const json = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"))

// Checked by what reads it: a manifest that is not one fails the rules with its name.
const manifestOf = (folder: string) => json(join(folder, "package.json")) as Manifest

const referencesOf = (file: string): ReadonlyArray<string> | undefined => {
  if (!existsSync(file)) return undefined
  const { references = [] } = json(file) as { readonly references?: ReadonlyArray<{ readonly path: string }> }
  return references.map(({ path }) => path.replace(/^(?:\.\.\/)+/, ""))
}

const packageOf = (room: string): Package => {
  const folder = join(root, "packages", room)
  const files = globSync(["src/**/*.ts", "test/**/*.ts", "bin/**/*.mjs"], { cwd: folder })
  return {
    room,
    manifest: manifestOf(folder),
    files: files.map((path) => ({
      path: path.replaceAll(sep, "/"),
      text: readFileSync(join(folder, path), "utf8")
    })),
    references: {
      src: referencesOf(join(folder, "tsconfig.json")) ?? [],
      test: referencesOf(join(folder, "test", "tsconfig.json"))
    }
  }
}

export const readHouse = (): House => ({
  top: readdirSync(root),
  manifest: manifestOf(root),
  packages: readdirSync(join(root, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => packageOf(entry.name))
})
