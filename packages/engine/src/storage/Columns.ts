/**
 * Values of a row as what the schema says they are. Another type means a wrong query: a defect, told by the column's
 * name.
 */

/** A row as a driver answers it. */
export type Row = { readonly [column: string]: unknown }

/** Of any integer type. PostgreSQL has a bigint for int8; every number of ours is safe. */
export const readInteger = (row: Row | undefined, column: string): number => {
  const value = row?.[column]
  if (typeof value === "bigint") return Number(value)
  if (typeof value !== "number") throw new TypeError(`column ${column} holds no integer`)
  return value
}

/** A text. */
export const readText = (row: Row | undefined, column: string): string => {
  const value = row?.[column]
  if (typeof value !== "string") throw new TypeError(`column ${column} holds no text`)
  return value
}

/** Bytes. */
export const readBytes = (row: Row | undefined, column: string): Uint8Array => {
  const value = row?.[column]
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} holds no bytes`)
  return value
}

/** A truth value, which SQLite keeps as 1 or 0. */
export const readBoolean = (row: Row | undefined, column: string): boolean => {
  const value = row?.[column]
  if (value === 1 || value === 0) return value === 1
  if (typeof value !== "boolean") throw new TypeError(`column ${column} holds no truth value`)
  return value
}

/** An array. */
export const readArray = (row: Row | undefined, column: string): ReadonlyArray<unknown> => {
  const value = row?.[column]
  if (!Array.isArray(value)) throw new TypeError(`column ${column} holds no array`)
  return value
}

/** `undefined` for NULL. */
export const readOptionalInteger = (row: Row, column: string): number | undefined =>
  row[column] === null ? undefined : readInteger(row, column)

/** `undefined` for NULL. */
export const readOptionalText = (row: Row, column: string): string | undefined =>
  row[column] === null ? undefined : readText(row, column)
