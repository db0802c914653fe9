/**
 * How often each operation answered which status.
 */
export interface Tally {
  readonly add: (row: string, status: number) => void
  readonly of: (row: string, status: number) => number
  readonly total: () => number
  readonly succeeded: () => number
  /** One line per operation. */
  readonly table: () => string
}

export const makeTally = (): Tally => {
  const rows = new Map<string, Map<number, number>>()
  const all = () => [...rows.values()].flatMap((counts) => [...counts])
  const sum = (counts: ReadonlyArray<readonly [number, number]>) =>
    counts.reduce((total, [, count]) => total + count, 0)
  return {
    add: (row, status) => {
      const counts = rows.get(row) ?? new Map<number, number>()
      rows.set(row, counts.set(status, (counts.get(status) ?? 0) + 1))
    },
    of: (row, status) => rows.get(row)?.get(status) ?? 0,
    total: () => sum(all()),
    succeeded: () => sum(all().filter(([status]) => status >= 200 && status < 300)),
    table: () => {
      const width = Math.max(...[...rows.keys()].map((row) => row.length))
      return [...rows]
        .map(([row, counts]) => {
          const cells = [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${status}:${count}`)
          return `${row.padEnd(width)}  ${cells.join(" ")}`
        })
        .join("\n")
    }
  }
}
