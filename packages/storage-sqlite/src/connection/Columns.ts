/**
 * Values of a row as what the schema says they are. The tables are STRICT, so another type means a wrong query: a defect, told by the
 * column's name.
 */
import type { SQLOutputValue } from "node:sqlite"

export type Row = { readonly [column: string]: SQLOutputValue }

export const readInteger = (row: Row | undefined, column: string): number => {
  const value = row?.[column]
  if (typeof value !== "number") throw new TypeError(`column ${column} holds no integer`)
  return value
}

export const readText = (row: Row | undefined, column: string): string => {
  const value = row?.[column]
  if (typeof value !== "string") throw new TypeError(`column ${column} holds no text`)
  return value
}

export const readBytes = (row: Row | undefined, column: string): Uint8Array => {
  const value = row?.[column]
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} holds no bytes`)
  return value
}

/** `undefined` for NULL. */
export const readOptionalInteger = (row: Row, column: string): number | undefined =>
  row[column] === null ? undefined : readInteger(row, column)

/** `undefined` for NULL. */
export const readOptionalText = (row: Row, column: string): string | undefined =>
  row[column] === null ? undefined : readText(row, column)
