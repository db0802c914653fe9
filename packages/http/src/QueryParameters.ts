/**
 * Reads the query of a request for the dialects that refuse what they do not know: a mistyped filter would show
 * everything. Parsed as `application/x-www-form-urlencoded`, so brackets may be encoded or not.
 */
import { Result } from "effect"
import type { Exchange } from "./Route.ts"

/** A parameter as it was sent. */
export interface Parameter {
  readonly name: string
  readonly value: string
}

/** What is wrong with the name of a parameter. */
interface NameProblem {
  readonly name: string
  readonly problem: string
}

export interface QueryParameters {
  /** All of them, in their order. */
  readonly sent: Array<[name: string, value: string]>
  /** By what they mean; each meaning once. */
  readonly given: ReadonlyMap<string, Parameter>
  readonly problems: ReadonlyArray<NameProblem>
}

/** More conditions than anybody needs: each of them costs a look-up per sender. */
const mostMetadata = 16

/**
 * `meaningOf` has one name for all spellings of a parameter, `metadata <key>` for a filter by metadata, and none for an
 * unknown one.
 */
export const readParameters = (
  { request: { url } }: Exchange,
  meaningOf: (name: string) => string | undefined
): QueryParameters => {
  const start = url.indexOf("?")
  const sent = start === -1 ? [] : [...new URLSearchParams(url.slice(start + 1))]
  const given = new Map<string, Parameter>()
  const problems: Array<NameProblem> = []
  const refuse = (name: string, problem: string) => problems.push({ name, problem })
  let metadata = 0
  for (const [name, value] of sent) {
    const known = meaningOf(name)
    if (known === undefined) refuse(name, "This parameter is not supported here.")
    else if (given.has(known)) refuse(name, "This parameter is given more than once.")
    else if (known.startsWith("metadata ") && ++metadata > mostMetadata) {
      refuse(name, `At most ${mostMetadata} keys of metadata can be filtered by at once.`)
    } else given.set(known, { name, value })
  }
  return { sent, given, problems }
}

/** The filter by metadata; none when there is no such parameter. */
export const metadataIn = ({ given }: QueryParameters): { readonly metadata?: { readonly [key: string]: string } } => {
  const metadata = [...given].flatMap(([meaning, { value }]) =>
    meaning.startsWith("metadata ") ? [[meaning.slice("metadata ".length), value] as const] : []
  )
  return metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) }
}

// A plus sign that was not encoded arrives as a space.
const timestamp = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+ -]\d\d:\d\d)$/

/** A time in ISO 8601 with its offset, in milliseconds since the epoch. */
export const readTime = (text: string): Result.Result<number, string> => {
  const [whole, day] = timestamp.exec(text) ?? []
  const at = whole === undefined ? Number.NaN : Date.parse(whole.replace(" ", "+"))
  // The 30th of February is read as a day in March.
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true
  return isDay && !Number.isNaN(at)
    ? Result.succeed(at)
    : Result.fail("Give a time in ISO 8601, such as 2024-05-01T00:00:00Z.")
}
