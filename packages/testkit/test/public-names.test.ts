/** Every name that a package exports says what it is: the sources are what people read in an editor. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { expect, it } from "vitest"
import { root } from "./rooms/House.ts"

const reexport = /export (?:\*|\{([^}]*)\}) from "(\.\/[^"]+)"/g
// The type of a schema is told by the schema.
const declaration =
  /(\*\/\n)?^export (?:declare )?(?:abstract )?(?:(?:const|class|function|interface) (\w+)|type (\w+)(?! = typeof|\w))/gm

/** The exported names of a module without a doc comment, `only` those of a list when there is one. */
const undocumented = (source: string, only?: ReadonlyArray<string>): ReadonlyArray<string> =>
  Array.from(source.matchAll(declaration)).flatMap(([, comment, value, type]) => {
    const name = value ?? type ?? ""
    return comment === undefined && (only === undefined || only.includes(name)) ? [name] : []
  })

const ofPackage = (name: string, entry = "index.ts"): ReadonlyArray<string> => {
  const index = join(root, "packages", name, "src", entry)
  return Array.from(readFileSync(index, "utf8").matchAll(reexport)).flatMap(([, names, path = ""]) => {
    const only = names?.split(",").map((each) => each.replace("type ", "").trim())
    return undocumented(readFileSync(join(dirname(index), path), "utf8"), only).map((each) => `${path} ${each}`)
  })
}

const packages = readdirSync(join(root, "packages")).filter((name) => name !== "bench")

it.each(packages)("%s says what each of its names is", (name) => {
  expect(ofPackage(name)).toEqual([])
})

it("engine/storage says what each of its names is", () => {
  expect(ofPackage("engine", "Storage.ts")).toEqual([])
})

it("finds a name that says nothing, and only that", () => {
  const source = [
    "/** Said. */\nexport const said = 1",
    "export const unsaid = 1",
    "/** Not of it. */\n\nexport class Unsaid {}",
    "export interface Bare {}",
    "export type Shape = typeof said.Type",
    "export type Word = string"
  ].join("\n")
  expect(undocumented(source)).toEqual(["unsaid", "Unsaid", "Bare", "Word"])
  expect(undocumented(source, ["Bare", "said"])).toEqual(["Bare"])
})
