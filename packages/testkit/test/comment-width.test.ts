/**
 * Prose in comments is wrapped at 120 columns. Biome wraps the code and leaves comments as they were written.
 */
import { globSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"
import { expect, it } from "vitest"
import { root } from "./rooms/House.ts"
import { codeOf } from "./rooms/SourceText.ts"

const width = 120

/** What a tool reads has to stay on one line. */
const directive = /^\s*(?:\/\/\/|\/\/ (?:biome-ignore|@ts-)|\/\*\* @)/

/** Lines of comments that are too long and could be cut: one long word, such as a URL, may stick out. */
const overlong = (text: string): ReadonlyArray<number> => {
  const code = codeOf(text).split("\n")
  return text.split("\n").flatMap((line, index) => {
    const [, sign, words] = /^(\s*(?:\/\/|\/?\*+)\s*)(.*)$/.exec(line) ?? []
    if (sign === undefined || words === undefined || directive.test(line)) return []
    const tooLong = [...line].length > width && (code[index] ?? "").trim() === ""
    const first = words.search(/\s/)
    return tooLong && first !== -1 && sign.length + first <= width ? [index + 1] : []
  })
}

const sources = globSync(["packages/*/{src,test,bin}/**/*.{ts,mjs}", ".ci/*.mjs", "docs/examples/**/*.ts"], {
  cwd: root,
  exclude: ["**/node_modules/**"]
})

it("is held by every source", () => {
  expect(sources.length).toBeGreaterThan(300)
  const found = sources.flatMap((path) =>
    overlong(readFileSync(join(root, path), "utf8")).map((line) => `${path.replaceAll(sep, "/")}:${line}`)
  )
  expect(found).toEqual([])
})

const words = (columns: number) => "word ".repeat(columns / 5).trimEnd()

it.each([
  ["a line comment", `// ${words(120)}`, [1]],
  ["a line of a block", `/**\n * ${words(100)}\n   * ${words(120)}\n */`, [3]],
  ["a block on one line", `/** ${words(120)} */`, [1]],
  ["a comment that fits", `// ${words(115)}x`, []],
  ["a word that cannot be cut", `// ${"x".repeat(130)}`, []],
  ["a directive", `// biome-ignore lint/x: ${words(120)}`, []],
  ["code", `const sum = ${"1 + ".repeat(40)}1`, []]
])("finds %s", (_, text, lines) => {
  expect(overlong(text)).toEqual(lines)
})
