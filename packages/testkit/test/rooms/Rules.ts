/**
 * The rules of the rooms (docs/architecture.md): which package may know which, what the pure core may touch, and what
 * lies at the top of the repository. Each rule reads the house and answers one sentence per fault, with the file and
 * the line.
 */
import { builtinModules } from "node:module"
import { posix } from "node:path"
import type { House, Package, SourceFile } from "./House.ts"
import { impure, pure } from "./Purity.ts"
import { codeOf, computed, type Import, importsOf } from "./SourceText.ts"

export interface Rule {
  readonly name: string
  readonly faults: (house: House) => ReadonlyArray<string>
}

// ---------------------------------------------------------------------------------------------------------------------
// The table

interface Room {
  /** The folder's name; a trailing `*` stands for any ending. */
  readonly room: string
  /** The rooms whose packages it may depend on and import from. */
  readonly knows: ReadonlyArray<string>
}

const adapters = ["memory", "storage-*", "mailer-*", "dns", "http"]

/** Arrows point inwards: what a room knows is everything it may import. A room that is not here may not exist. */
const rooms: ReadonlyArray<Room> = [
  { room: "core", knows: [] },
  { room: "engine", knows: ["core"] },
  { room: "signing", knows: ["core", "engine"] },
  ...adapters.map((room) => ({ room, knows: ["core", "engine"] })),
  { room: "relay", knows: ["core", "engine", "signing"] },
  { room: "countersign", knows: ["core", "engine", "signing", ...adapters] },
  { room: "sandbox", knows: [] },
  { room: "server", knows: ["core", "engine", "signing", ...adapters, "relay", "sandbox"] },
  { room: "testkit", knows: ["core", "engine", "sandbox"] },
  { room: "bench", knows: ["core", "engine", "signing", ...adapters, "relay", "sandbox", "server", "testkit"] }
]

/** No package may depend on these, not even for its tests; the benchmarks measure the server, so they may know it. */
const outermost = [
  { room: "server", except: ["bench"] },
  { room: "bench", except: [] }
]

const topLevel = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "vitest.config.ts",
  "vitest.workspace.ts",
  "README.md",
  "packages",
  "docs",
  "LICENSE",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md"
]

/** Left by tools, ignored by git. */
const leftovers = ["node_modules", "coverage", "dist"]

// ---------------------------------------------------------------------------------------------------------------------
// Reading the house

const scope = "@countersign/"
const builtins = new Set(builtinModules)

const matches = (pattern: string, room: string): boolean =>
  pattern.endsWith("*") ? room.startsWith(pattern.slice(0, -1)) && room.length >= pattern.length : room === pattern

/** The package that a host installs bears the product's name alone. */
const hostPackage = "countersign"

const nameOf = (room: string): string => (room === hostPackage ? room : scope + room)

const roomOf = (name: string): string | undefined =>
  name === hostPackage ? name : name.startsWith(scope) ? name.slice(scope.length) : undefined

/** `@scope/name/deep` → `@scope/name`; `effect/Schema` → `effect`. */
const packageName = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

const isRelative = (specifier: string) => specifier.startsWith(".") || specifier.startsWith("/")
const isBuiltin = (specifier: string) => specifier.startsWith("node:") || builtins.has(specifier)
const isPublished = ({ path }: SourceFile) => path.startsWith("src/") || path.startsWith("bin/")

const runtimeDependencies = ({ manifest }: Package): ReadonlyArray<string> =>
  Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies })

const allDependencies = (entry: Package): ReadonlyArray<string> => [
  ...runtimeDependencies(entry),
  ...Object.keys(entry.manifest.devDependencies ?? {})
]

interface Use extends Import {
  readonly from: Package
  readonly file: SourceFile
  /** `packages/core/src/Sender.ts:12` */
  readonly at: string
}

const usesOf = (house: House): ReadonlyArray<Use> =>
  house.packages.flatMap((from) =>
    from.files.flatMap((file) =>
      importsOf(file.text).map((entry) => ({
        ...entry,
        from,
        file,
        at: `packages/${from.room}/${file.path}:${entry.line}`
      }))
    )
  )

const ofPackages = (fault: (entry: Package, house: House) => ReadonlyArray<string>) => (house: House) =>
  house.packages.flatMap((entry) => fault(entry, house))

const ofUses = (fault: (use: Use, house: House) => string | undefined) => (house: House) =>
  usesOf(house).flatMap((use) => fault(use, house) ?? [])

// ---------------------------------------------------------------------------------------------------------------------
// The rules

const knownRooms = ofPackages(({ room, manifest }) => [
  ...(rooms.some((entry) => matches(entry.room, room))
    ? []
    : [`packages/${room} has no room in the plan: add it to docs/architecture.md and to this table, or remove it`]),
  ...(manifest.name === nameOf(room) ? [] : [`packages/${room} is named ${manifest.name}, not ${nameOf(room)}`])
])

const mayKnow = (room: string, other: string): boolean =>
  rooms.some((entry) => matches(entry.room, room) && entry.knows.some((known) => matches(known, other)))

const dependenciesPointInwards = ofPackages((entry) =>
  runtimeDependencies(entry).flatMap((name) => {
    const other = roomOf(name)
    return other === undefined || mayKnow(entry.room, other)
      ? []
      : [`packages/${entry.room}/package.json depends on ${name}: ${entry.room} may not know ${other}`]
  })
)

const importsPointInwards = ofUses(({ specifier, from, file, at }) => {
  const other = roomOf(packageName(specifier))
  return other === undefined || other === from.room || !isPublished(file) || mayKnow(from.room, other)
    ? undefined
    : `${at} imports ${specifier}: ${from.room} may not know ${other}`
})

const outermostAreLeftAlone = ofPackages((entry, house) =>
  outermost.flatMap(({ room, except }) => {
    if (entry.room === room || except.some((exception) => exception === entry.room)) return []
    const name = scope + room
    const imported = usesOf({ ...house, packages: [entry] }).filter((use) => packageName(use.specifier) === name)
    return [
      ...(allDependencies(entry).includes(name) ? [`packages/${entry.room}/package.json`] : []),
      ...imported.map((use) => use.at)
    ].map((at) => `${at} names ${name}: nothing may depend on ${room}, not even a test`)
  })
)

/**
 * What a published file imports only where it happens to be installed. Declared as an optional peer, it would be
 * installed in production, because it is a tool of the repository as well.
 */
const usedWhenInstalled = [{ room: "server", path: "src/sandbox/MailJudge.ts", name: "mailauth" }]

/** Tests may use the test tools of the repository too: they are declared once, at the root. */
const onlyDeclared = ofUses(({ specifier, from, file, at }, house) => {
  if (isRelative(specifier) || isBuiltin(specifier) || specifier === computed) return undefined
  const name = packageName(specifier)
  if (name === from.manifest.name) return undefined
  const excepted = usedWhenInstalled.some(
    (use) => use.room === from.room && use.path === file.path && use.name === name
  )
  if (excepted) return undefined
  const declared = isPublished(file)
    ? runtimeDependencies(from)
    : [...allDependencies(from), ...Object.keys(house.manifest.devDependencies ?? {})]
  const list = isPublished(file) ? "dependencies" : "dependencies or devDependencies"
  return declared.includes(name)
    ? undefined
    : `${at} imports ${specifier}, which is not in the ${list} of packages/${from.room}/package.json`
})

const ownFilesAreRelative = ofUses(({ specifier, from, file, at }) => {
  // A test may stand where a consumer stands, and import the package under test by its name.
  if (isPublished(file) && packageName(specifier) === from.manifest.name) {
    return `${at} imports its own package by name: use a relative path`
  }
  if (!isRelative(specifier)) return undefined
  const target = posix.join(posix.dirname(file.path), specifier)
  if (target.startsWith("..") && !isAllowedOutside(target)) {
    return `${at} imports ${specifier}, which lies outside of the package: import the other package by name`
  }
  const refused = file.path.startsWith("bin/") ? /^test\// : /^(?:test|dist)\//
  return isPublished(file) && refused.test(target)
    ? `${at} imports ${specifier}: published code may not use ${target.split("/")[0]}/`
    : undefined
})

/** A test may run the programs of docs/examples and read what lies at the top; no other package's files. */
const isAllowedOutside = (target: string): boolean =>
  target.startsWith("../../") && !target.startsWith("../../packages/")

const noDeepImports = ofUses(({ specifier, at }, house) => {
  const name = packageName(specifier)
  const target = house.packages.find(({ manifest }) => manifest.name === name)
  const path = `.${specifier.slice(name.length)}`
  return target === undefined || path === "." || target.manifest.exports?.[path] !== undefined
    ? undefined
    : `${at} imports ${specifier}, which ${name} does not export: import from "${name}"`
})

const plainImports = ofUses(({ specifier, file, at }) => {
  if (specifier === computed && isPublished(file))
    return `${at} computes what it imports: write the module's name as a string`
  return !specifier.startsWith("node:") && builtins.has(specifier)
    ? `${at} imports ${specifier}: write node:${specifier}`
    : undefined
})

const coreImportsAreData = ofUses(({ specifier, names, from, file, at }) => {
  if (from.room !== "core" || !isPublished(file) || isRelative(specifier)) return undefined
  const allowed = pure[specifier]
  if (allowed === undefined) return `${at} imports ${specifier}: the core is pure and imports no such module`
  const refused = allowed === "*" ? [] : names.filter((name) => !allowed.includes(name))
  return refused.length === 0 ? undefined : `${at} takes ${refused.join(", ")} from ${specifier}: the core is pure`
})

const coreReadsNothing = (house: House): ReadonlyArray<string> =>
  house.packages
    .filter(({ room }) => room === "core")
    .flatMap(({ files }) => files.filter(isPublished))
    .flatMap(({ path, text }) =>
      codeOf(text)
        .split("\n")
        .flatMap((line, index) =>
          impure
            .filter(({ code }) => code.test(line))
            .map(({ reads }) => `packages/core/${path}:${index + 1} reads ${reads}: the core gets it as data`)
        )
    )

const sameRooms = (references: ReadonlyArray<string>, expected: ReadonlyArray<string>) =>
  [...references].sort().join() === [...expected].sort().join()

const referencesFollowDependencies = ofPackages((entry) => {
  const ownRooms = (names: ReadonlyArray<string>) => names.flatMap((name) => roomOf(name) ?? [])
  const src = ownRooms(runtimeDependencies(entry))
  const test = [entry.room, ...ownRooms(allDependencies(entry))]
  const at = `packages/${entry.room}`
  return [
    ...(sameRooms(entry.references.src, src)
      ? []
      : [`${at}/tsconfig.json must refer to: ${src.join(", ") || "nothing"}`]),
    ...(entry.references.test === undefined || sameRooms(entry.references.test, test)
      ? []
      : [`${at}/test/tsconfig.json must refer to: ${test.join(", ")}`])
  ]
})

const nothingElseAtTheTop = ({ top }: House): ReadonlyArray<string> =>
  top
    .filter((name) => !name.startsWith(".") && !topLevel.includes(name) && !leftovers.includes(name))
    .map((name) => `${name} lies at the top of the repository: only ${topLevel.join(", ")} and dot files belong there`)

export const rules: ReadonlyArray<Rule> = [
  { name: "every package has a room in the plan, and its name", faults: knownRooms },
  { name: "dependencies of a package point inwards", faults: dependenciesPointInwards },
  { name: "imports of published code point inwards", faults: importsPointInwards },
  { name: "nothing depends on server or bench", faults: outermostAreLeftAlone },
  { name: "only declared dependencies are imported", faults: onlyDeclared },
  { name: "imports inside a package are relative and stay inside", faults: ownFilesAreRelative },
  { name: "no import reaches into another package", faults: noDeepImports },
  { name: "imports name their module plainly", faults: plainImports },
  { name: "the core imports data modules only", faults: coreImportsAreData },
  { name: "the core reads no clock, no randomness and no I/O", faults: coreReadsNothing },
  { name: "project references follow the dependencies", faults: referencesFollowDependencies },
  { name: "the top of the repository holds what the plan names", faults: nothingElseAtTheTop }
]
