/**
 * The blocks of a page that are run: those that are marked `sh run`, all in one bash, in their order, and between them
 * those that are marked `js run`, each a module for Node in the environment of that bash. A block of `text` or `json`
 * that follows one directly is what it prints.
 *
 * In what is expected, `…` stands for anything within a line or a JSON string, a line that is only `…` for any lines,
 * and a last element `"…"` of a JSON array for any further elements.
 */
import { blocksOf, type CodeBlock, type Page } from "./Markdown.ts"

export interface Step {
  readonly code: string
  /** Where it stands: `docs/tutorial.md:12`. */
  readonly at: string
  readonly expected: CodeBlock | undefined
}

const endOfModule = "---- end of module ----"

/** A module is read from standard input: what it needs of the shell is what the shell has exported. */
const shellOf = ({ language, code }: CodeBlock): string | undefined => {
  if (language === "sh") return code
  if (language === "js") return `npx node --input-type=module <<'${endOfModule}'\n${code}\n${endOfModule}`
  return undefined
}

const isExpectation = ({ language }: CodeBlock) => language === "text" || language === "json"

export const stepsOf = (page: Page): ReadonlyArray<Step> => {
  const blocks = blocksOf(page)
  return blocks.flatMap((block, index) => {
    const code = shellOf(block)
    if (code === undefined || !block.marks.includes("run")) return []
    const next = blocks[index + 1]
    return [
      {
        code,
        at: `${page.path}:${block.line}`,
        expected: next !== undefined && isExpectation(next) ? next : undefined
      }
    ]
  })
}

const mark = (index: number) => `---- step ${index} has ended ----`

// What a step has put into the background ends with the script.
const beginning = "set -e\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT"

/** One script of all steps, for `bash -c`. It stops at the first command that fails. */
export const scriptOf = (steps: ReadonlyArray<Step>): string =>
  [beginning, ...steps.map(({ code }, index) => `${code}\nprintf '\\n%s\\n' '${mark(index)}'`), ""].join("\n")

/** What each step printed. Shorter than the steps when one failed; its part is the last. */
export const outputsOf = (steps: ReadonlyArray<Step>, stdout: string): ReadonlyArray<string> => {
  const outputs: Array<string> = []
  let rest = stdout
  for (const index of steps.keys()) {
    const [output = "", ...after] = rest.split(`\n${mark(index)}\n`)
    outputs.push(output)
    if (after.length === 0) break
    rest = after.join(`\n${mark(index)}\n`)
  }
  return outputs
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

const patternOf = (text: string): RegExp => {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => (line === "…" ? "(?:[^\\n]*\\n)*?" : `${escaped(line).replaceAll("…", "[^\\n]*")}\\n`))
  return new RegExp(`^${lines.join("")}$`)
}

const matchesText = (expected: string, output: string): boolean => patternOf(expected).test(`${output.trim()}\n`)

const matchesValue = (expected: unknown, found: unknown): boolean => {
  if (typeof expected === "string" && typeof found === "string") return matchesText(expected, found)
  if (Array.isArray(expected) && Array.isArray(found)) {
    const open = expected.length > 1 && expected.at(-1) === "…" && typeof found.at(-1) !== "string"
    const wanted = open ? expected.slice(0, -1) : expected
    if (open ? found.length < wanted.length : found.length !== wanted.length) return false
    return wanted.every((value, index) => matchesValue(value, found[index]))
  }
  if (isRecord(expected) && isRecord(found)) {
    const keys = Object.keys(expected)
    // The order of members is a part of what a reader compares.
    if (keys.join() !== Object.keys(found).join()) return false
    return keys.every((key) => matchesValue(expected[key], found[key]))
  }
  return Object.is(expected, found)
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether a step printed what the page says. JSON is compared as values, whatever its layout. */
export const isAsExpected = (language: string, expected: string, output: string): boolean => {
  if (language !== "json") return matchesText(expected, output)
  try {
    return matchesValue(JSON.parse(expected), JSON.parse(output))
  } catch {
    return false
  }
}
