/**
 * How answers look on a terminal: columns, colours where they are wanted, and no character that a terminal obeys.
 */
import { styleText } from "node:util"

/** Colours a text, or leaves it as it is. */
export type Paint = (format: "bold" | "red" | "green" | "yellow", text: string) => string

/** No colours when standard output is no terminal or `NO_COLOR` is set. */
export const terminalPaint: Paint = (format, text) => styleText(format, text, { stream: process.stdout })

/** What strangers publish is shown, too: control characters and those that turn a text around become U+FFFD. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd")

/** Rows as lines, their cells below each other. `paint` colours a cell, whose width is settled by then. */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  paint = (cell: string, _column: number, _row: number): string => cell
): ReadonlyArray<string> => {
  const shown = rows.map((row) => row.map(printable))
  const widths: Array<number> = []
  for (const [column, cell] of shown.flatMap((row) => [...row.entries()])) {
    widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return shown.map((row, at) => {
    const cells = row.map((cell, column) => {
      const space = column === row.length - 1 ? 0 : (widths[column] ?? 0) - cell.length + 2
      return `${paint(cell, column, at)}${" ".repeat(space)}`
    })
    return cells.join("")
  })
}
