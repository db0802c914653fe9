/**
 * What the tests of the reference pages read: the tables of a page, and the endpoints of the definition.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { CountersignApi } from "@countersign/http/api"
import { HttpApi } from "effect/http-api"

/** The text of a page of `docs/reference`. */
export const page = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../docs/reference/${name}.md`, import.meta.url)), "utf8")

/** The rows of the page's tables whose header begins with `first`; cells without their backticks. */
export const tablesOf = (text: string, first: string): ReadonlyArray<ReadonlyArray<string>> => {
  const rows: Array<ReadonlyArray<string>> = []
  let inside = false
  let before = 0
  for (const line of text.split("\n")) {
    const cells = line.startsWith("|") ? line.split("|").slice(1, -1) : []
    const plain = cells.map((cell) => cell.trim().replace(/^`([^`]*)`$/, "$1"))
    if (cells.length === 0) inside = false
    else if (!inside && before === 0) inside = plain[0] === first
    else if (inside && !/^-+$/.test(plain[0] ?? "")) rows.push(plain)
    before = cells.length
  }
  return rows
}

/** `METHOD path` of each endpoint of the definition below a path, with the statuses of its answers. */
export const endpoints = (below: string): ReadonlyMap<string, { success: string; errors: ReadonlyArray<string> }> => {
  const found = new Map<string, { success: string; errors: ReadonlyArray<string> }>()
  HttpApi.reflect(CountersignApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, successes, errors }) => {
      if (!endpoint.path.startsWith(below)) return
      found.set(`${endpoint.method} ${endpoint.path}`, {
        success: [...successes.keys()].join(" "),
        errors: [...errors.keys()].map(String).sort()
      })
    }
  })
  return found
}

export const distinct = (rows: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(rows)].sort()
