/**
 * Compiles the TypeScript blocks of the documentation, all of them in one run of the compiler, with the options of the
 * packages and against their sources. Each block becomes a module whose lines have the numbers that they have on the
 * page, so that the compiler's own message says where to look.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../rooms/House.ts"
import { blocksOf, type CodeBlock, type Page } from "./Markdown.ts"

interface Located {
  readonly page: Page
  readonly block: CodeBlock
}

/** `no-check` needs a reason, in a comment of the page: `<!-- no-check: why it cannot be compiled -->`. */
const reason = /^<!--\s*no-check:\s*\S.{9,}-->$/

const typescriptOf = (pages: ReadonlyArray<Page>): ReadonlyArray<Located> =>
  pages.flatMap((page) =>
    blocksOf(page)
      .filter(({ language }) => language === "ts" || language === "typescript")
      .map((block) => ({ page, block }))
  )

/** Blocks that ask not to be compiled and do not say why, and blocks with a mark that nobody knows. */
export const unexplainedBlocks = (pages: ReadonlyArray<Page>): ReadonlyArray<string> =>
  typescriptOf(pages).flatMap(({ page, block }) => {
    const at = `${page.path}:${block.line - 1}`
    const unknown = block.marks.filter((mark) => mark !== "no-check")
    if (unknown.length > 0) return [`${at} has an unknown mark: ${unknown.join(" ")}`]
    return block.marks.includes("no-check") && !reason.test(block.above)
      ? [`${at} is marked no-check without <!-- no-check: reason --> in the line above`]
      : []
  })

const tsc = (project: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const program = join(root, "node_modules", "typescript", "bin", "tsc")
    execFile(
      process.execPath,
      [program, "--project", project, "--pretty", "false"],
      { cwd: project },
      (error, out, err) => {
        if (error !== null && typeof error.code !== "number") reject(error)
        else resolve(out + err)
      }
    )
  })

const options = {
  extends: "../../../tsconfig.json",
  compilerOptions: {
    composite: false,
    incremental: false,
    noEmit: true,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    moduleDetection: "force",
    noUnusedLocals: false,
    noUnusedParameters: false,
    rootDir: "../../.."
  }
}

/**
 * What the compiler says about the blocks of these pages and about these programs (paths relative to the repository).
 * What it says about the packages themselves is left to `npm run check`.
 */
export const compileErrors = async (
  pages: ReadonlyArray<Page>,
  programs: ReadonlyArray<string> = []
): Promise<ReadonlyArray<string>> => {
  const blocks = typescriptOf(pages).filter(({ block }) => !block.marks.includes("no-check"))
  if (blocks.length + programs.length === 0) return []
  const cache = join(root, "node_modules", ".cache")
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, "docs-"))
  try {
    const files = blocks.map(({ page, block }, index) => {
      const name = `block${index}.ts`
      writeFileSync(join(folder, name), "\n".repeat(block.line - 1) + block.code)
      return { name, path: page.path }
    })
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }))
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        ...options,
        files: [...files.map(({ name }) => name), ...programs.map((path) => `../../../${path}`)]
      })
    )
    const output = await tsc(folder)
    return output
      .split(/\r?\n/)
      .filter((line) => line !== "" && !/^(?:\.\.\/)*packages\//.test(line) && !line.startsWith(" "))
      .map((line) => {
        const index = /^block(\d+)\.ts/.exec(line)?.[1]
        const path = index === undefined ? undefined : files[Number(index)]?.path
        return path === undefined ? line : line.replace(/^block\d+\.ts/, path)
      })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
