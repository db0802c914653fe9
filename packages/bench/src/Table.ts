/**
 * The figures as Markdown: a table of ours beside raw, and one of ours among other stores, with their versions and
 * settings below.
 */
import type { Figure, Measured, Standing } from "./Figure.ts"

export const toMarkdown = (figures: ReadonlyArray<Figure>): string => {
  const alone = figures.filter(({ standings }) => standings === undefined)
  const among = figures.filter(({ standings }) => standings !== undefined)
  return [
    ...(alone.length === 0 ? [] : [toTable(columns, alone.map(toRow))]),
    ...(among.length === 0 ? [] : [toTable(standingColumns, among.flatMap(toStandingRows)), toSettings(among)])
  ].join("\n\n")
}

interface Column {
  readonly name: string
  readonly right?: true
}

const columns: ReadonlyArray<Column> = [
  { name: "workload" },
  { name: "ours", right: true },
  { name: "raw", right: true },
  { name: "ratio", right: true },
  { name: "p99 ours / raw", right: true },
  { name: "aim" },
  { name: "verdict" }
]

const standingColumns: ReadonlyArray<Column> = [
  { name: "workload" },
  { name: "store" },
  { name: "rate", right: true },
  { name: "p50", right: true },
  { name: "p99", right: true },
  { name: "failed", right: true },
  { name: "ours to it", right: true },
  { name: "order of its log" },
  { name: "aim" },
  { name: "verdict" }
]

const toTable = (names: ReadonlyArray<Column>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [names.map(({ name }) => name), names.map(({ right }) => (right === true ? "---:" : "---")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")

/** The workload, its aims and the verdict stand in the row of ours. */
const toStandingRows = ({ workload, standings = [], aims }: Figure): ReadonlyArray<ReadonlyArray<string>> =>
  standings.map(({ store, measured, failed, ratio, ordering, note }, index) => [
    index === 0 ? workload : "",
    store,
    measured === undefined ? (note ?? "") : toText(measured),
    measured?.p50 === undefined ? "" : milliseconds(measured.p50),
    measured?.p99 === undefined ? "" : milliseconds(measured.p99),
    failed === undefined ? "" : percent(failed),
    ratio === undefined ? "" : ratio.toFixed(ratio < 10 ? 2 : 1),
    ordering,
    index === 0 ? aims.map(({ text }) => text).join(", ") : "",
    index === 0 ? verdict({ aims }) : ""
  ])

const toSettings = (figures: ReadonlyArray<Figure>): string => {
  const all: ReadonlyArray<Standing> = figures.flatMap(({ standings = [] }) => standings)
  const lines = all.flatMap(({ settings, store }) => (settings === undefined ? [] : [`- ${store}: ${settings}`]))
  return [...new Set(lines)].join("\n")
}

const percent = (part: number): string => (part === 0 ? "0" : `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`)

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
