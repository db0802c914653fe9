/**
 * The documentation does what it says: the marked blocks of a page are pasted into one bash, against a sandbox on a
 * free port, and print what stands below them.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, sep } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { PostgresCluster } from "../src/Postgres.ts"
import { blocksOf, type Page } from "./docs/Markdown.ts"
import { freePort, run, type Server, startServer } from "./docs/Servers.ts"
import { isAsExpected, outputsOf, scriptOf, stepsOf } from "./docs/ShellBlocks.ts"
import { root } from "./rooms/House.ts"

const patience = 120_000

const pages: ReadonlyArray<Page> = globSync(["*.md", "docs/**/*.md"], { cwd: root })
  .map((path) => path.replaceAll(sep, "/"))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
  .filter((page) => stepsOf(page).length > 0)

/** A folder that goes with the test. */
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-docs-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const startSandbox = (folder: string): Promise<Server> =>
  startServer(
    ["packages/server/bin/countersign.mjs", "serve", "--sandbox"],
    /^Countersign sandbox on (http:\S+)$(?=[\s\S]*Ctrl-C)/m,
    { PORT: "0", TMPDIR: folder }
  )

/** The database that the pages connect to. */
const pagesDatabase = "postgres://countersign:secret@127.0.0.1:5432/countersign"

/** A server of its own for a page that needs one: other tests of the run are not for a page to see. */
const withDatabase = async ({ path, text }: Page): Promise<Page> => {
  if (!text.includes(pagesDatabase)) return { path, text }
  const cluster = await PostgresCluster.make()
  onTestFinished(() => cluster.close())
  return { path, text: text.replaceAll(pagesDatabase, await cluster.createDatabase("countersign")) }
}

/** The page with the ports of this run in place of 3000, the sandbox, and 3001, which a page may listen on. */
const withPorts = async ({ path, text }: Page, sandbox: Server): Promise<Page> => {
  const [first, second] = [new URL(sandbox.url).port, String(await freePort())]
  return { path, text: text.replaceAll(/\b3000\b/g, first).replaceAll(/\b3001\b/g, second) }
}

const pasteBanner = async (sandbox: Server) => {
  const commands = sandbox
    .printed()
    .split("\n")
    .filter((line) => line.startsWith("   "))
  const pasted = await run("sh", ["-c", commands.join("\n")], {})
  expect(pasted.stdout).toContain('"status":"active"')
}

it("the tutorial is among the pages that are run", () => {
  expect(pages.map(({ path }) => path)).toContain("docs/tutorial.md")
})

it.each(pages.map((page) => [page.path, page] as const))(
  "%s prints what it shows",
  { timeout: patience },
  async (_path, written) => {
    const folder = temporaryFolder()
    const sandbox = await startSandbox(folder)
    // As README says: first the banner's commands, then the tutorial.
    if (written.path === "docs/tutorial.md") await pasteBanner(sandbox)
    const page = await withDatabase(await withPorts(written, sandbox))
    const steps = stepsOf(page)
    const ended = await run("bash", ["-c", scriptOf(steps)], { TMPDIR: folder })
    const outputs = outputsOf(steps, ended.stdout)
    const failed = steps[outputs.length - 1]
    expect(ended, `it stopped in the block at ${failed?.at}`).toMatchObject({ code: 0, stderr: "" })
    for (const [index, { at, expected }] of steps.entries()) {
      if (expected === undefined) continue
      const output = outputs[index] ?? ""
      expect(isAsExpected(expected.language, expected.code, output), `${at} printed:\n${output}`).toBe(true)
    }
  }
)

it("the tutorial shows the banner as the sandbox prints it", { timeout: patience }, async () => {
  const sandbox = await startSandbox(temporaryFolder())
  const path = "docs/tutorial.md"
  const page = await withPorts({ path, text: readFileSync(join(root, path), "utf8") }, sandbox)
  const [start, banner] = blocksOf(page)
  expect(start?.code).toBe("npm start")
  expect(isAsExpected("text", banner?.code ?? "", sandbox.printed()), sandbox.printed()).toBe(true)
})

describe("the reader of shell blocks", () => {
  it("takes the marked blocks, with what they print", () => {
    const text =
      "```sh run\na\n```\n```text\nb\n```\n```sh\nc\n```\n```text\nd\n```\n```sh run\ne\n```\n```sh run\nf\n```"
    const steps = stepsOf({ path: "p.md", text })
    expect(steps.map(({ code, at, expected }) => [code, at, expected?.code])).toEqual([
      ["a", "p.md:2", "b"],
      ["e", "p.md:14", undefined],
      ["f", "p.md:17", undefined]
    ])
  })

  it("runs modules in the environment of the shell", async () => {
    const text =
      '```sh run\nexport NAME=Ada OTHER=\n```\n```js run\nconst { NAME } = process.env // $OTHER\nconsole.log(await NAME)\n```\n```js\nno code\n```\n```js run\nthrow new Error("x")\n```'
    const steps = stepsOf({ path: "p.md", text })
    expect(steps.map(({ at }) => at)).toEqual(["p.md:2", "p.md:5", "p.md:12"])
    const ended = await run("bash", ["-c", scriptOf(steps)], {})
    expect([ended.code, outputsOf(steps, ended.stdout).slice(0, 2)]).toEqual([1, ["", "Ada\n"]])
    expect(ended.stderr).toContain("Error: x")
  })

  it("tells the outputs of steps apart, and stops at the first that fails", async () => {
    const text = "```sh run\nprintf x\n```\n```sh run\nfalse | echo y; false\n```\n```sh run\necho z\n```"
    const steps = stepsOf({ path: "p.md", text })
    const ended = await run("bash", ["-c", scriptOf(steps)], {})
    expect([ended.code, outputsOf(steps, ended.stdout)]).toEqual([1, ["x", "y\n"]])
  })

  it.each([
    ["text", "a … c\n…\nz", "a b c\n\nmore\nz\n", true],
    ["text", "a … c", "a b\nc", false],
    ["text", "a\n…", "a", true],
    ["text", "a.b", "axb", false],
    ["text", "a", "a\nb", false],
    ["json", '{ "id": "…", "n": 1 }', '{"id":"x","n":1}', true],
    ["json", '{ "id": "…" }', '{"id":"x","n":1}', false],
    ["json", '{ "id": "…", "n": 1 }', '{"n":1,"id":"x"}', false],
    ["json", '{ "id": "…" }', '{"id":null}', false],
    ["json", '[{ "a": 1 }, "…"]', '[{"a":1},{"a":2}]', true],
    ["json", '[{ "a": 1 }, "…"]', '[{"a":2},{"a":2}]', false],
    ["json", '["…", "…"]', '["a","b","c"]', false],
    ["json", "{}", "no json", false]
  ])("compares %s %j with %j", (language, expected, output, same) => {
    expect(isAsExpected(language, expected, output)).toBe(same)
  })
})
