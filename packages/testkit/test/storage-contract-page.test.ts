/**
 * docs/reference/storage-contract.md lists the clauses of the suite, word by word.
 */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root } from "./rooms/House.ts"

const clausesIn = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(/(["`])([1-9A-Z](?:\.\d+)+ (?:(?!\1)[^\n])+)\1/g), ([, , title = ""]) =>
    // One clause for each verb: the page has it once.
    title.replace(/: \$\{\w+\}$/, "")
  )

const told = Array.from(
  readFileSync(join(root, "docs/reference/storage-contract.md"), "utf8").matchAll(/^- ([1-9A-Z](?:\.\d+)+) (.+)$/gm),
  ([, number, title]) => `${number} ${title}`
)

it("has every clause of the storage contract, and no other", () => {
  const files = globSync("packages/testkit/src/StorageContract/*.ts", { cwd: root })
  const clauses = files.flatMap((file) => clausesIn(readFileSync(join(root, file), "utf8")))
  expect(clauses.length).toBeGreaterThan(50)
  expect([...told].sort()).toEqual([...clauses].sort())
})

it("has each number once", () => {
  const numbers = told.map((clause) => clause.split(" ")[0])
  expect(new Set(numbers).size).toBe(numbers.length)
})
