/**
 * What the tests of the documentation read from a Markdown page: its code blocks, its links and the anchors it offers.
 * Only the forms that our pages use: fenced blocks, inline links, link definitions, and headings with `#`.
 */

export interface Page {
  /** Relative to the repository, with slashes. */
  readonly path: string
  readonly text: string
}

export interface CodeBlock {
  /** The first word behind the fence: `ts`, `sh`, ... */
  readonly language: string
  /** The words behind the language. */
  readonly marks: ReadonlyArray<string>
  readonly code: string
  /** The line of the first line of code, counted from 1. */
  readonly line: number
  /** The nearest line above the fence that is not blank. */
  readonly above: string
}

export interface Link {
  readonly target: string
  readonly line: number
}

interface Split {
  readonly blocks: ReadonlyArray<CodeBlock>
  /** The lines of the page, those of code blocks emptied. */
  readonly prose: ReadonlyArray<string>
}

const fence = /^(\s*)(`{3,}|~{3,})\s*(.*)$/

const split = (page: Page): Split => {
  const blocks: Array<CodeBlock> = []
  const prose: Array<string> = []
  let open: { readonly sign: string; readonly info: string; readonly line: number; readonly above: string } | undefined
  let code: Array<string> = []
  page.text.split(/\r?\n/).forEach((line, index) => {
    const [, indent = "", sign, info = ""] = fence.exec(line) ?? []
    if (open === undefined && sign !== undefined) {
      const above = prose.findLast((earlier) => earlier.trim() !== "") ?? ""
      open = { sign: indent + sign, info: info.trim(), line: index + 2, above: above.trim() }
      code = []
    } else if (open !== undefined && line.trim() === open.sign.trim()) {
      const [language = "", ...marks] = open.info.split(/\s+/)
      blocks.push({ language, marks, code: code.join("\n"), line: open.line, above: open.above })
      open = undefined
    } else if (open !== undefined) code.push(line)
    prose.push(open === undefined && sign === undefined ? line : "")
  })
  return { blocks, prose }
}

export const blocksOf = (page: Page): ReadonlyArray<CodeBlock> => split(page).blocks

const withoutCode = (line: string): string => line.replace(/(`+).*?\1/g, "")

export const linksOf = (page: Page): ReadonlyArray<Link> =>
  split(page).prose.flatMap((line, index) =>
    [...withoutCode(line).matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\s{0,3}\[[^\]^]+\]:\s*<?(\S+?)>?(?:\s|$)/g)].map(
      (match) => ({
        target: match[1] ?? match[2] ?? "",
        line: index + 1
      })
    )
  )

/** The anchors of a page's headings, as GitHub makes them. */
export const anchorsOf = (page: Page): ReadonlyArray<string> => {
  const seen = new Map<string, number>()
  return split(page).prose.flatMap((line) => {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1]
    if (heading === undefined) return []
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase()
    const slug = text.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-")
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return [count === 0 ? slug : `${slug}-${count}`]
  })
}
