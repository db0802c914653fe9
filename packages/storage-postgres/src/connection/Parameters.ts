/**
 * Arrays of one type as parameters of a statement, and texts short enough for an index.
 */
import { createHash } from "node:crypto"
import { PgTypes } from "@effect/sql-pg"
import { Result } from "effect"

const { OID } = PgTypes

const ofType =
  (oid: number) =>
  (values: ReadonlyArray<unknown> | null): PgTypes.Parameter =>
    Result.getOrThrow(PgTypes.array(values, oid))

export const texts: (values: ReadonlyArray<string | null> | null) => PgTypes.Parameter = ofType(OID.text)
export const integers: (values: ReadonlyArray<number | null> | null) => PgTypes.Parameter = ofType(OID.int4)
export const booleans: (values: ReadonlyArray<boolean | null> | null) => PgTypes.Parameter = ofType(OID.bool)
const bigIntegers = ofType(OID.int8)
export const longs = (values: ReadonlyArray<number | null> | null): PgTypes.Parameter =>
  bigIntegers(values === null ? null : values.map((value) => (value === null ? null : BigInt(value))))

export const long = (value: number | bigint | null): PgTypes.Parameter =>
  PgTypes.int8(typeof value === "number" ? BigInt(value) : value)

/** An index takes no text longer than a third of a page; a digest stands for what a caller made longer. */
export const indexable = (text: string): string =>
  text.length <= longest ? text : `sha256:${createHash("sha256").update(text).digest("hex")}`

const longest = 500
