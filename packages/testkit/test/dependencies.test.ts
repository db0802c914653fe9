/**
 * Every dependency is pinned to one exact version, the same everywhere, and has its line in docs/dependencies.md. A
 * peer is a range, because the host chooses the version; it holds the one that is pinned here. So is the Effect of
 * `countersign`, which brings it for those who have none: npm then shares one copy.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { type Manifest, type Package, readHouse, root } from "./rooms/House.ts"

interface Wanted {
  readonly name: string
  readonly version: string
  /** The package.json that asks for it. */
  readonly by: string
}

const house = readHouse()

const listed = (by: string, list: Readonly<Record<string, string>> = {}): ReadonlyArray<Wanted> =>
  Object.entries(list).map(([name, version]) => ({ name, version, by }))

const wantedBy = ({ name, dependencies, devDependencies, optionalDependencies }: Manifest): ReadonlyArray<Wanted> =>
  [dependencies, devDependencies, optionalDependencies].flatMap((list) => listed(name, list))

const manifests = [house.manifest, ...house.packages.map(({ manifest }) => manifest)]
const isShared = ({ by, name }: Wanted) => by === "countersign" && name === "effect"
const wanted = manifests.flatMap(wantedBy).filter((entry) => !isShared(entry))
const shared = manifests.flatMap(wantedBy).filter(isShared)
const peers = [...manifests.flatMap(({ name, peerDependencies }) => listed(name, peerDependencies)), ...shared]
const isForeign = ({ name }: Wanted) => !name.startsWith("@countersign/")

const notExact = (list: ReadonlyArray<Wanted>): ReadonlyArray<string> =>
  list
    .filter(({ version }) => !/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version))
    .map(({ name, version, by }) => `${by} asks for ${name} ${version}: write one exact version`)

const notTheSame = (list: ReadonlyArray<Wanted>): ReadonlyArray<string> =>
  list.flatMap((one) =>
    list
      .filter((other) => other.name === one.name && other.version !== one.version)
      .map((other) => `${one.by} asks for ${one.name} ${one.version}, ${other.by} for ${other.version}`)
  )

/** A line of justification is a row of a table that starts with the name in backticks and has words in every cell. */
const justified = (text: string): ReadonlyArray<string> =>
  text.split("\n").flatMap((line) => /^\|\s*`([^`]+)`\s*\|(?:[^|]*\w[^|]*\|)+\s*$/.exec(line)?.[1] ?? [])

const page = () => {
  const file = join(root, "docs", "dependencies.md")
  return existsSync(file) ? readFileSync(file, "utf8") : ""
}

describe("the dependencies", () => {
  it("are pinned to exact versions", () => {
    expect(wanted.length).toBeGreaterThan(20)
    expect(notExact(wanted)).toEqual([])
  })

  it("have one version in the whole repository", () => {
    expect(notTheSame(wanted)).toEqual([])
  })

  it("have one line each in docs/dependencies.md, and nothing else has", () => {
    const names = [...new Set(wanted.filter(isForeign).map(({ name }) => name))].sort()
    expect([...justified(page())].sort()).toEqual(names)
  })

  it("on our own packages name the version that is there", () => {
    const versions = new Map(house.packages.map(({ manifest }) => [manifest.name, manifest.version]))
    const wrong = wanted.filter((entry) => !isForeign(entry) && versions.get(entry.name) !== entry.version)
    expect(wrong).toEqual([])
  })
})

// ---------------------------------------------------------------------------------------------------------------------

const pinned = new Map(wanted.map(({ name, version }) => [name, version]))

/**
 * Modules that Effect lets change in a minor version: all that are no part of the package's own entry, and these of it.
 */
const unstableImport =
  /from "(?:effect\/|@effect\/)|import \{[^}]*\b(?:Arbitrary|PartitionedSemaphore|FileSystem|Graph|Terminal|ErrorReporter|ExecutionPlan)\b[^}]*\} from "effect"/

const wantedOfEffect = ({ files }: Package): string => {
  const source = files.filter(({ path }) => path.startsWith("src/"))
  return source.some(({ text }) => unstableImport.test(text)) ? "~" : "^"
}

const libraries = house.packages.filter(({ manifest }) => manifest.private !== true)

describe("the peers", () => {
  it("are ranges that begin with the version that is pinned here", () => {
    expect(peers.length).toBeGreaterThanOrEqual(libraries.length)
    const wrong = peers.filter(({ name, version }) => version.slice(1) !== pinned.get(name) || !/^[~^]/.test(version))
    expect(wrong).toEqual([])
  })

  it.each(libraries.map((library) => [library.room, library] as const))(
    "of %s have Effect, for a minor version where it uses what Effect calls unstable, and nothing else has",
    (_, library) => {
      const { name, peerDependencies = {}, dependencies = {} } = library.manifest
      const [here, elsewhere] =
        name === "countersign" ? [dependencies, peerDependencies] : [peerDependencies, dependencies]
      expect(here.effect).toBe(`${wantedOfEffect(library)}${pinned.get("effect")}`)
      expect(Object.keys(elsewhere)).not.toContain("effect")
    }
  )
})

describe("a published package", () => {
  it.each(libraries.map(({ room }) => room))("%s has a README and the licence", (room) => {
    const read = (file: string) => readFileSync(join(root, "packages", room, file), "utf8")
    const lines = read("README.md").split("\n").length
    expect(lines).toBeGreaterThanOrEqual(10)
    expect(lines).toBeLessThanOrEqual(25)
    expect(read("LICENSE")).toBe(readFileSync(join(root, "LICENSE"), "utf8"))
  })
})

describe("a planted fault is found", () => {
  it.each(["^1.2.3", "~1.2.3", ">=1.2.3", "1.2", "*", "latest", "workspace:*", "file:../x"])(
    "version %s",
    (version) => {
      expect(notExact([{ name: "a", version, by: "b" }])).toEqual([`b asks for a ${version}: write one exact version`])
    }
  )

  it("two versions", () => {
    const two = ["1.0.0", "1.0.1"].map((version) => ({ name: "a", version, by: `b${version}` }))
    expect(notTheSame(two)).toHaveLength(2)
  })

  it("a row without a reason", () => {
    expect(justified("| `a` | everywhere | a reason |\n| `b` | everywhere | |\n`c` in a sentence")).toEqual(["a"])
  })
})
