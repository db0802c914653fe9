/**
 * The time, in SQL: whole milliseconds since the epoch by the database's clock, unless a test gives another.
 */

/** `given` is a parameter or a variable of type bigint; NULL in production. */
export const databaseNow = (given: string): string =>
  `coalesce(${given}::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)`
