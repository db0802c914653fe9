/**
 * The rules of the rooms hold for the repository as it is, and each rule catches what it is there for: a fault planted
 * in a copy of a small, clean house.
 */
import { describe, expect, it } from "vitest"
import { type House, type Manifest, type Package, readHouse } from "./rooms/House.ts"
import { rules } from "./rooms/Rules.ts"
import { codeOf, computed, importsOf } from "./rooms/SourceText.ts"

const house = readHouse()

describe("the repository", () => {
  it("is read at all", () => {
    expect(house.packages.map(({ room }) => room)).toContain("core")
    expect(house.packages.flatMap(({ files }) => files).length).toBeGreaterThan(5)
  })

  for (const rule of rules) {
    it(rule.name, () => {
      expect(rule.faults(house)).toEqual([])
    })
  }
})

// ---------------------------------------------------------------------------------------------------------------------

const room = (name: string, manifest: Partial<Manifest>, files: Readonly<Record<string, string>> = {}): Package => {
  const rooms = (list: Readonly<Record<string, string>> = {}) =>
    Object.keys(list).flatMap((key) => (key.startsWith("@countersign/") ? key.slice("@countersign/".length) : []))
  const known = rooms(manifest.dependencies)
  return {
    room: name,
    manifest: { name: `@countersign/${name}`, exports: { ".": "./src/index.ts" }, ...manifest },
    files: Object.entries(files).map(([path, text]) => ({ path, text })),
    references: { src: known, test: [name, ...known, ...rooms(manifest.devDependencies)] }
  }
}

const core = room("core", { dependencies: { effect: "4.1.0" } }, { "src/index.ts": 'import { Schema } from "effect"' })
const clean: House = {
  top: ["package.json", "packages", "docs", ".ci", "node_modules"],
  manifest: { name: "countersign" },
  packages: [core, room("engine", { dependencies: { "@countersign/core": "0.0.0" } })]
}

const withRoom = (...added: ReadonlyArray<Package>): House => ({ ...clean, packages: [...clean.packages, ...added] })
const withCore = (text: string, path = "src/Sender.ts"): House => ({
  ...clean,
  packages: [{ ...core, files: [{ path, text }] }]
})

interface Planted {
  readonly fault: string
  readonly house: House
  /** A part of the sentence that must be said. */
  readonly says: string
}

const engineKnowing = (name: string) => room("engine", { dependencies: { [name]: "0.0.0" } })
const importing = (name: string, specifier: string, path = "src/index.ts") =>
  room(name, { dependencies: { [specifier]: "0.0.0" } }, { [path]: `export * from "${specifier}"` })

const planted: ReadonlyArray<Planted> = [
  { fault: "a package without a room", house: withRoom(room("helpers", {})), says: "packages/helpers has no room" },
  {
    fault: "a package with another name than its folder",
    house: withRoom(room("dns", { name: "@countersign/resolver" })),
    says: "packages/dns is named @countersign/resolver"
  },
  {
    fault: "a dependency that points outwards",
    house: withRoom(engineKnowing("@countersign/memory")),
    says: "packages/engine/package.json depends on @countersign/memory: engine may not know memory"
  },
  {
    fault: "an import that points outwards",
    house: withCore('import { Senders } from "@countersign/engine"'),
    says: "packages/core/src/Sender.ts:1 imports @countersign/engine: core may not know engine"
  },
  {
    fault: "an adapter that imports another adapter",
    house: withRoom(importing("storage-sqlite", "@countersign/memory")),
    says: "storage-sqlite may not know memory"
  },
  {
    fault: "two storages of which one knows the other",
    house: withRoom(importing("storage-postgres", "@countersign/storage-sqlite")),
    says: "storage-postgres may not know storage-sqlite"
  },
  {
    fault: "a sandbox that knows the domain",
    house: withRoom(importing("sandbox", "@countersign/core")),
    says: "sandbox may not know core"
  },
  {
    fault: "a testkit that knows an adapter",
    house: withRoom(importing("testkit", "@countersign/memory")),
    says: "testkit may not know memory"
  },
  {
    fault: "a dynamic import that points outwards",
    house: withCore('export const late = () => import("@countersign/memory")'),
    says: "packages/core/src/Sender.ts:1 imports @countersign/memory"
  },
  {
    fault: "a test that imports the server",
    house: withRoom(importing("http", "@countersign/server", "test/mount.test.ts")),
    says: "packages/http/test/mount.test.ts:1 names @countersign/server: nothing may depend on server, not even a test"
  },
  {
    fault: "a package whose tests depend on the benchmarks",
    house: withRoom(room("memory", { devDependencies: { "@countersign/bench": "0.0.0" } })),
    says: "packages/memory/package.json names @countersign/bench"
  },
  {
    fault: "an import of something undeclared",
    house: withRoom(room("dns", {}, { "src/Wire.ts": 'import packet from "dns-packet"' })),
    says: "packages/dns/src/Wire.ts:1 imports dns-packet, which is not in the dependencies of packages/dns/package.json"
  },
  {
    fault: "a devDependency in published code",
    house: withRoom(room("http", { devDependencies: { express: "5.3.0" } }, { "src/a.ts": 'import e from "express"' })),
    says: "packages/http/src/a.ts:1 imports express, which is not in the dependencies"
  },
  {
    fault: "a package that imports itself by name",
    house: withCore('import { a } from "@countersign/core"'),
    says: "imports its own package by name"
  },
  {
    fault: "a relative path into another package",
    house: withRoom(room("memory", {}, { "src/a.ts": 'import { b } from "../../core/src/Sender.ts"' })),
    says: "packages/memory/src/a.ts:1 imports ../../core/src/Sender.ts, which lies outside of the package"
  },
  {
    fault: "published code that uses its tests",
    house: withCore('import { a } from "../test/a.ts"'),
    says: "published code may not use test/"
  },
  {
    fault: "a worker's file in another package",
    house: withRoom(room("dns", {}, { "src/a.ts": 'new URL("../../core/src/worker.ts", import.meta.url)' })),
    says: "lies outside of the package"
  },
  {
    fault: "a deep import",
    house: withRoom(room("memory", {}, { "src/a.ts": 'import { a } from "@countersign/core/src/Sender.ts"' })),
    says: 'which @countersign/core does not export: import from "@countersign/core"'
  },
  {
    fault: "an import that is computed",
    house: withCore("export const load = (name: string) => import(name)"),
    says: "packages/core/src/Sender.ts:1 computes what it imports"
  },
  {
    fault: "a built-in without node:",
    house: withCore('import { createHmac } from "crypto"'),
    says: "write node:crypto"
  },
  { fault: "node I/O in the core", house: withCore('import { readFile } from "node:fs"'), says: "imports node:fs" },
  { fault: "a Layer in the core", house: withCore('import { Layer } from "effect"'), says: "takes Layer from effect" },
  {
    fault: "a clock in the core, as a type, in a list over lines",
    house: withCore('import {\n  Schema,\n  type Clock as Time\n} from "effect"'),
    says: "packages/core/src/Sender.ts:4 takes Clock from effect"
  },
  { fault: "all of effect in the core", house: withCore('import * as E from "effect"'), says: "takes * from effect" },
  { fault: "a deep module in the core", house: withCore('import * as R from "effect/Random"'), says: "effect/Random" },
  { fault: "a random UUID", house: withCore('import { randomUUID } from "node:crypto"'), says: "takes randomUUID" },
  {
    fault: "the global crypto",
    house: withCore("\nconst id = crypto.randomUUID()"),
    says: "Sender.ts:2 reads randomness"
  },
  { fault: "Date.now", house: withCore("const now = Date.now()"), says: "reads the clock (Date.now)" },
  { fault: "new Date()", house: withCore("const now = new Date( )"), says: "reads the clock (new Date" },
  { fault: "new Date", house: withCore("const now = new Date\n"), says: "reads the clock (new Date" },
  { fault: "Date()", house: withCore("const now = Date()"), says: "reads the clock (Date called" },
  { fault: "DateTime.nowUnsafe", house: withCore("DateTime.nowUnsafe()"), says: "reads the clock (DateTime.now)" },
  { fault: "Math.random", house: withCore("const x = Math.random()"), says: "reads randomness (Math.random)" },
  { fault: "an environment variable", house: withCore("const x = process.env.X"), says: "reads the process" },
  { fault: "an Effect that is run", house: withCore("const x = Effect.runSync(y)"), says: "an Effect is run" },
  {
    fault: "a missing project reference",
    house: withRoom({
      ...room("dns", { dependencies: { "@countersign/core": "0" } }),
      references: { src: [], test: undefined }
    }),
    says: "packages/dns/tsconfig.json must refer to: core"
  },
  {
    fault: "a file at the top that does not belong there",
    house: { ...clean, top: [...clean.top, "scripts"] },
    says: "scripts lies at the top of the repository"
  }
]

const faultsOf = (subject: House) => rules.flatMap((rule) => rule.faults(subject))

describe("a planted fault", () => {
  it("is the only thing that is found: the clean house has none", () => {
    expect(faultsOf(clean)).toEqual([])
  })

  for (const { fault, house: subject, says } of planted) {
    it(`is found: ${fault}`, () => {
      expect(faultsOf(subject).join("\n")).toContain(says)
    })
  }
})

describe("what is allowed", () => {
  it.each([
    ["a date of a given time", "const at = new Date(millis)"],
    ["the names of forbidden things in comments", '/** `Date.now()` */ // import { a } from "node:fs"\n'],
    ["the names of forbidden things in strings", "const text = \"Math.random() or import('node:fs')\""],
    ["pure functions of node", 'import { createHmac, hkdfSync } from "node:crypto"\nimport { isIPv4 } from "node:net"']
  ])("%s", (_, text) => {
    expect(faultsOf(withCore(text))).toEqual([])
  })

  it("a test that imports the package under test by its name", () => {
    expect(faultsOf(withCore('import { a } from "@countersign/core"', "test/a.test.ts"))).toEqual([])
  })
})

describe("the reader of sources", () => {
  it("finds every form of an import, with names and lines", () => {
    const text = [
      'import a, { type B as C, d } from "one"',
      'import type * as E from "two"',
      'export { f } from "three"',
      'import "four"',
      'type G = import("five").G',
      "const h = await import(`six`)",
      'const i = new Worker(new URL("./seven.ts", import.meta.url))',
      'const j = require("eight")'
    ].join("\n")
    expect(importsOf(text)).toEqual([
      { specifier: "one", names: ["B", "d", "default"], line: 1 },
      { specifier: "two", names: ["*"], line: 2 },
      { specifier: "three", names: ["f"], line: 3 },
      { specifier: "four", names: [], line: 4 },
      { specifier: "five", names: [], line: 5 },
      { specifier: "six", names: [], line: 6 },
      { specifier: "./seven.ts", names: [], line: 7 },
      { specifier: "eight", names: [], line: 8 }
    ])
  })

  it.each(["import(name)", 'import("./" + name)', "import(`./$" + "{name}.ts`)", "require(name)"])(
    "calls %s computed",
    (text) => {
      expect(importsOf(text).map(({ specifier }) => specifier)).toEqual([computed])
    }
  )

  it("keeps places, and is not misled by quotes in regular expressions or by templates in templates", () => {
    const hole = "$" + "{"
    const text = `const a = /[/"'\`]/.test(b) ? \`x ${hole}\`y ${hole}c} import\`} z\` : d / e / f // "\nimport 'g'`
    const code = codeOf(text)
    expect(code.length).toBe(text.length)
    expect(code).toContain(": d / e / f")
    expect(code).toContain(`${hole}c}`)
    expect(code).not.toMatch(/import(?!\s+')/)
    expect(importsOf(text)).toEqual([{ specifier: "g", names: [], line: 2 }])
  })
})
