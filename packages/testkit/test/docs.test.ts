/**
 * The documentation says what is true: its TypeScript compiles against the packages, and its links lead somewhere.
 */
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join, posix, sep } from "node:path"
import { describe, expect, it } from "vitest"
import { compileErrors, unexplainedBlocks } from "./docs/CompiledBlocks.ts"
import { anchorsOf, blocksOf, linksOf, type Page } from "./docs/Markdown.ts"
import { root } from "./rooms/House.ts"

const compileTime = 120_000

const find = (...patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  globSync(patterns, { cwd: root, exclude: ["**/node_modules/**"] })
    .map((path) => path.replaceAll(sep, "/"))
    .sort()

const pages: ReadonlyArray<Page> = find("*.md", "docs/**/*.md", "packages/*/README.md").map((path) => ({
  path,
  text: readFileSync(join(root, path), "utf8")
}))

/** The links of these pages that lead nowhere. */
const brokenLinks = (subjects: ReadonlyArray<Page>): ReadonlyArray<string> =>
  subjects.flatMap((page) =>
    linksOf(page).flatMap(({ target, line }) => {
      if (/^[a-z][a-z+.-]*:/i.test(target)) return []
      const [path = "", anchor] = target.split("#")
      const file = path === "" ? page.path : posix.join(posix.dirname(page.path), decodeURI(path))
      const at = `${page.path}:${line} links to ${target}`
      const linked = file === page.path ? page : pages.find((other) => other.path === file)
      if (file.startsWith("..")) return [`${at}, which lies outside of the repository`]
      if (linked === undefined && !existsSync(join(root, file))) return [`${at}, which does not exist`]
      if (anchor === undefined || anchor === "") return []
      if (linked === undefined && statSync(join(root, file)).isFile() && !file.endsWith(".md")) return []
      return linked !== undefined && anchorsOf(linked).includes(anchor) ? [] : [`${at}, but there is no such heading`]
    })
  )

describe("the documentation", () => {
  it("has pages", () => {
    expect(pages.map(({ path }) => path)).toContain("docs/dependencies.md")
  })

  it("compiles: blocks of TypeScript, and the programs in docs/examples", { timeout: compileTime }, async () => {
    expect(await compileErrors(pages, find("docs/examples/**/*.ts"))).toEqual([])
  })

  it("says why, where a block is not compiled", () => {
    expect(unexplainedBlocks(pages)).toEqual([])
  })

  it("links to files and headings that exist", () => {
    expect(brokenLinks(pages)).toEqual([])
  })

  it.each(["README.md", "docs/architecture.md"])("lists every package in %s", (path) => {
    const text = pages.find((page) => page.path === path)?.text ?? ""
    const rows = Array.from(text.matchAll(/^\| \[?`(?:@countersign\/)?([a-z-]+)`/gm), ([, name]) => name)
    expect(readdirSync(join(root, "packages")).filter((name) => !rows.includes(name))).toEqual([])
  })

  it("says each change once in the changelog, whose merges keep the lines of both sides", () => {
    const text = pages.find(({ path }) => path === "CHANGELOG.md")?.text ?? ""
    const [, ...versions] = text.split(/^## /m)
    expect(versions.length).toBeGreaterThan(0)
    for (const version of versions) {
      const changes = version.split("\n").filter((line) => line.startsWith("- "))
      expect(changes).toEqual([...new Set(changes)])
    }
  })

  it("numbers the decisions one after another", () => {
    const numbers = find("docs/decisions/*.md").map((path) => posix.basename(path).slice(0, 4))
    expect(numbers).toEqual(numbers.map((_, index) => String(index + 1).padStart(4, "0")))
  })
})

const page = (...lines: ReadonlyArray<string>): Page => ({ path: "docs/planted.md", text: lines.join("\n") })

describe("a planted fault", () => {
  it("in a block is found on its line, once, beside a block that is right", { timeout: compileTime }, async () => {
    const planted = page(
      "# Planted",
      "```ts",
      'import { Schema } from "effect"',
      "const name: Schema.Schema<string> = Schema.String",
      "```",
      "",
      "```ts",
      "const count: number = 1",
      'const name: number = "one"',
      "```",
      "```js",
      "const name: nothing",
      "```"
    )
    const errors = await compileErrors([planted])
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(/^docs\/planted\.md\(9,7\): error TS2322/)
  })

  it("in what a block imports is found", { timeout: compileTime }, async () => {
    const planted = page("```ts", 'import { nothing } from "@countersign/nowhere"', "```")
    expect((await compileErrors([planted])).join("\n")).toContain("docs/planted.md(2,25): error TS2307")
  })

  it("is found in a block that is not compiled without a reason, or with an unknown mark", () => {
    const told = ["<!-- no-check: shows a shape that does not exist yet -->", "```ts no-check", "a", "```"]
    expect(unexplainedBlocks([page(...told)])).toEqual([])
    expect(unexplainedBlocks([page("text", ...told.slice(1))])).toEqual([
      "docs/planted.md:2 is marked no-check without <!-- no-check: reason --> in the line above"
    ])
    expect(unexplainedBlocks([page("<!-- no-check: -->", ...told.slice(1))])).toHaveLength(1)
    expect(unexplainedBlocks([page("```ts nocheck", "a", "```")])).toEqual([
      "docs/planted.md:1 has an unknown mark: nocheck"
    ])
  })

  it("in a link is found", () => {
    const planted = page(
      "# One heading, *twice*",
      "# One heading, twice",
      "[right](../package.json) [right](#one-heading-twice) [right](#one-heading-twice-1) [right](https://example.com/x)",
      "[wrong](nowhere.md) ![wrong](picture.png)",
      "[wrong](#one-heading)",
      "[wrong](../../outside.md)",
      "`[code](nowhere.md)`",
      "```md",
      "[code](nowhere.md)",
      "```",
      "[wrong]: gone.md"
    )
    expect(brokenLinks([planted])).toEqual([
      "docs/planted.md:4 links to nowhere.md, which does not exist",
      "docs/planted.md:4 links to picture.png, which does not exist",
      "docs/planted.md:5 links to #one-heading, but there is no such heading",
      "docs/planted.md:6 links to ../../outside.md, which lies outside of the repository",
      "docs/planted.md:11 links to gone.md, which does not exist"
    ])
  })
})

describe("the reader of pages", () => {
  it("gives a block with its language, marks, line and what stands above it", () => {
    const text = ["text", "", "   ```sh run twice", "   echo '`'", "   ```", "````md", "```ts", "a", "```", "````"]
    expect(blocksOf(page(...text))).toEqual([
      { language: "sh", marks: ["run", "twice"], code: "   echo '`'", line: 4, above: "text" },
      { language: "md", marks: [], code: "```ts\na\n```", line: 7, above: "text" }
    ])
  })
})
