/**
 * The file of an export: JSON Lines (https://jsonlines.org/). The first line says what it is, each of the others is a
 * row, and the last one has their number and the SHA-256 of every line before it, ends of lines included.
 *
 * Version 1. A program reads the versions that it knows and refuses others.
 */
import { Schema } from "effect"
import { StoredRow } from "../ports/StoredRow.ts"

/** The version that is written. */
const format = 1

/** The first line. */
export const Header = Schema.Struct({ countersign: Schema.Literal("export"), format: Schema.Int })

/** The first line of what this program writes, and the only one it reads. */
export const header: typeof Header.Type = { countersign: "export", format }

/** The last line. */
export const Footer = Schema.Struct({ rows: Schema.Int, sha256: Schema.String })

/** Fields in the order of the schema, so that the same row is the same text whoever made it. */
const fieldsOf: ReadonlyMap<string, ReadonlyArray<string>> = new Map(
  StoredRow.members.map(({ fields }) => [fields._tag.schema.literal, Object.keys(fields)])
)

/** A row as a line. */
export const rowLine = (row: StoredRow): string => {
  const values = new Map<string, unknown>(Object.entries(row))
  return JSON.stringify(
    Object.fromEntries(
      (fieldsOf.get(row._tag) ?? []).flatMap((field) => (values.has(field) ? [[field, values.get(field)]] : []))
    )
  )
}

/** The order of the kinds in a file. */
export const kindOrder: ReadonlyArray<string> = [...fieldsOf.keys()]
