/**
 * The figures as a Markdown table.
 */
import type { Figure, Measured } from "./Figure.ts"

const columns = ["workload", "ours", "raw", "ratio", "p99 ours / raw", "aim", "verdict"]

export const toMarkdown = (figures: ReadonlyArray<Figure>): string =>
  [columns, columns.map((_, index) => (index === 0 || index >= 5 ? "---" : "---:")), ...figures.map(toRow)]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")

const toRow = ({ workload, ours, raw, ratio, aims }: Figure): ReadonlyArray<string> => [
  workload,
  toText(ours),
  raw === undefined ? "" : toText(raw),
  ratio === undefined ? "" : ratio.toFixed(2),
  [ours.p99, raw?.p99]
    .filter((p99) => p99 !== undefined)
    .map(milliseconds)
    .join(" / "),
  aims.map(({ text }) => text).join(", "),
  verdict({ aims })
]

const verdict = ({ aims }: Pick<Figure, "aims">): string =>
  aims.length === 0 ? "" : aims.every(({ met }) => met) ? "met" : "**missed**"

const toText = ({ value, unit }: Measured): string => `${amount(value)}${unit === "/s" ? "" : " "}${unit}`

const milliseconds = (value: number): string => `${amount(value)} ms`

/** Three figures at least; nobody reads more out of a benchmark. */
const amount = (value: number): string =>
  value >= 100
    ? Math.round(value).toLocaleString("en")
    : value.toLocaleString("en", { minimumSignificantDigits: 2, maximumSignificantDigits: 3 })
