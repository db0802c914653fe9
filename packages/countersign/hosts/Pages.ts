/**
 * The code of the documentation as files: a block of a page that begins with `// <path>` is that file.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { root } from "./Packages.ts"

/** What a page names and nobody should reach, or not at the same time: replaced in every block. */
export type Replacements = Readonly<Record<string, string>>

const replaced = (code: string, replacements: Replacements): string =>
  Object.entries(replacements).reduce((text, [from, to]) => text.replaceAll(from, to), code)

const blocksOf = (page: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(join(root, page), "utf8").matchAll(/^```(?:ts|js)\b.*\n([\s\S]*?)^```$/gm),
    ([, code = ""]) => code
  )

/** The block of a page in which `text` occurs. */
export const blockWith = (page: string, text: string, replacements: Replacements): string => {
  const found = blocksOf(page).find((code) => code.includes(text))
  if (found === undefined) throw new Error(`${page} has no block with ${text}`)
  return replaced(found, replacements)
}

/** Writes the files of a page below a folder. */
export const writeFiles = (page: string, folder: string, replacements: Replacements): void => {
  const files = blocksOf(page).flatMap((code) => {
    const path = /^\/\/ (\S+)\n/.exec(code)?.[1]
    return path === undefined ? [] : [{ path: join(folder, path), code }]
  })
  if (files.length === 0) throw new Error(`${page} has no block that begins with // and the path of a file`)
  for (const { path, code } of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, replaced(code, replacements))
  }
}
