/**
 * The packages as npm would publish them, and fresh folders in which the ordinary npm installs them.
 */
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { node, run } from "./Programs.ts"

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../../../", import.meta.url))

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports?: Readonly<Record<string, unknown>>
}

export const readManifest = (folder: string): Manifest =>
  // A package that npm has installed has a manifest of this form, and so have ours.
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest

/** With the settings of whoever runs this: the registry, and what stands between. */
const npm = (cwd: string, ...args: ReadonlyArray<string>) =>
  run("npm", args, { cwd, env: process.env, shell: process.platform === "win32" })

/** The tarballs of `npm run pack`, by the names of their packages. */
export const pack = async (): Promise<Readonly<Record<string, string>>> => {
  await run(node, [join(root, ".ci", "pack.mjs")], { cwd: root })
  const dist = join(root, "dist")
  return Object.fromEntries(
    readdirSync(dist).map((file) => {
      const room = /^countersign-(?:([a-z-]+)-)?\d/.exec(file)?.[1]
      return [room === undefined ? "countersign" : `@countersign/${room}`, `file:${join(dist, file)}`]
    })
  )
}

/** The installed Effect under the version of a patch that does not exist yet, as a tarball. */
export const packNextEffect = async (folder: string): Promise<{ readonly version: string; readonly file: string }> => {
  const copy = join(folder, "package")
  cpSync(join(root, "node_modules", "effect"), copy, { recursive: true })
  const manifest = readManifest(copy)
  const version = manifest.version.replace(/\d+$/, (patch) => String(Number(patch) + 1))
  writeFileSync(join(copy, "package.json"), JSON.stringify({ ...manifest, version }))
  await npm(folder, "pack", "--silent", "--ignore-scripts", copy)
  return { version, file: `file:${join(folder, `effect-${version}.tgz`)}` }
}

/** What a program of somebody else asks npm for. */
interface Wish {
  readonly dependencies: Readonly<Record<string, string>>
}

/** Installs `countersign` beside that. What our packages name of one another comes from the tarballs too. */
export const install = async (
  folder: string,
  tarballs: Readonly<Record<string, string>>,
  wish: Wish
): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  const { countersign = "", ...overrides } = tarballs
  const dependencies = { ...wish.dependencies, countersign }
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", ...wish, dependencies, overrides })
  )
  await npm(folder, "install", "--no-audit", "--no-fund", "--ignore-scripts")
}

/** Installs it beside what `package.json` here lists, in the versions of its lock file. */
export const installTools = async (folder: string, tarballs: Readonly<Record<string, string>>): Promise<void> => {
  const here = fileURLToPath(new URL("./", import.meta.url))
  mkdirSync(folder, { recursive: true })
  cpSync(join(here, "package-lock.json"), join(folder, "package-lock.json"))
  // The file beside this one.
  await install(folder, tarballs, JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as Wish)
}

/** The installed copies of a package: where they lie below `node_modules`, and their versions. */
export const copiesOf = (folder: string, name: string): ReadonlyArray<string> =>
  globSync(`**/node_modules/${name}/package.json`, { cwd: folder })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => basename(join(path, "..")) === basename(name))
    .map((path) => `${path.replace("/package.json", "")} ${readManifest(join(folder, path, "..")).version}`)
    .sort()
