/**
 * A join that looks up row by row, whatever the planner thinks. A prepared statement is planned without knowing its
 * LIMIT, which is then taken for a tenth of the table; so a page of ten rows would be joined by reading all of the
 * other table.
 */

/**
 * `select` finds at most a few rows for each row of what stands before; OFFSET keeps it from being merged into the
 * rest.
 */
export const joinEach = (name: string, select: string): string => `CROSS JOIN LATERAL (${select} OFFSET 0) ${name}`

/** The same where there may be none. */
export const leftJoinEach = (name: string, select: string): string =>
  `LEFT JOIN LATERAL (${select} OFFSET 0) ${name} ON true`
