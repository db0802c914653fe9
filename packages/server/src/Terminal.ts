/**
 * How answers look on a terminal: columns, colours where they are wanted, and no character that a terminal obeys.
 */
import { styleText } from "node:util"

/** Colours a text, or leaves it as it is. */
export type Paint = (format: "bold" | "dim" | "red" | "green" | "yellow", text: string) => string

/** Colours on a terminal; none when standard output is no terminal or `NO_COLOR` is set. */
export const terminalPaint: Paint = (format, text) => styleText(format, text, { stream: process.stdout })

/** Control characters and those that turn the direction of a text as U+FFFD: what strangers publish is shown, too. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd")

/** Rows as lines with their cells below each other. `paint` colours a cell once its width is settled. */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  paint: (cell: string, column: number, row: number) => string = (cell) => cell
): ReadonlyArray<string> => {
  const widths = rows.reduce<ReadonlyArray<number>>(
    (widest, row) =>
      Array.from({ length: Math.max(widest.length, row.length) }, (_, column) =>
        Math.max(widest[column] ?? 0, row[column]?.length ?? 0)
      ),
    []
  )
  return rows.map((row, at) =>
    row
      .map((cell, column) => {
        const space = column === row.length - 1 ? "" : " ".repeat((widths[column] ?? 0) - cell.length + 2)
        return `${paint(cell, column, at)}${space}`
      })
      .join("")
      .trimEnd()
  )
}
