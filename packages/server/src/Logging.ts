/**
 * The log: JSON lines for machines, or one readable line per entry for people, on standard output. In both, `message`
 * is one string, and what was logged beside it is in `annotations`.
 *
 * Whoever logs must leave secrets out. This is the second line of defence: the token of a verification link never gets
 * through, and of an address only the first letter and the domain.
 */
import { inspect } from "node:util"
import { Formatter, Layer, Logger, References } from "effect"
import type { LogConfig } from "./Config.ts"

// The whole of a token is 92 characters of base64url; a part of one is of no use to anybody.
const token = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{92}(?![A-Za-z0-9_-])/g
const address = /([A-Za-z0-9])[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*@(?=[A-Za-z0-9-]+\.[A-Za-z0-9])/g

/** A line of the log without link tokens and without the local parts of addresses. */
export const withoutSecrets = (line: string): string => line.replace(token, "***").replace(address, "$1***@")

type Entry = ReturnType<(typeof Logger.formatStructured)["log"]>

const words = (value: unknown): string =>
  typeof value === "string" ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 })

const isRecord = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Whatever was logged: the strings are the message, the members of objects are annotations, and the rest is `detail`.
 */
const arranged = (entry: Entry) => {
  const parts: ReadonlyArray<unknown> = Array.isArray(entry.message) ? entry.message : [entry.message]
  const detail = parts.filter((part) => typeof part !== "string" && !isRecord(part))
  const annotations = Object.assign(
    {},
    ...parts.filter(isRecord),
    entry.annotations,
    detail.length > 0 ? { detail } : {}
  )
  return { ...entry, message: parts.filter((part) => typeof part === "string").join(" "), annotations }
}

const readable = ({ message, ...entry }: ReturnType<typeof arranged>): string => {
  const annotations = Object.entries(entry.annotations).map(([name, value]) => ` ${name}=${words(value)}`)
  const cause = entry.cause === undefined ? "" : `\n${entry.cause}`
  return `${entry.timestamp.slice(11, 19)} ${entry.level.toLowerCase().padEnd(5)} ${message}${annotations.join("")}${cause}`
}

/** Replaces the default logger. */
export const Logging = {
  layer: ({ level, format }: LogConfig): Layer.Layer<never> => {
    const line = Logger.map(Logger.formatStructured, (entry) =>
      format === "json" ? Formatter.formatJson(arranged(entry)) : readable(arranged(entry))
    )
    return Layer.merge(
      Logger.layer([Logger.withConsoleLog(Logger.map(line, withoutSecrets))]),
      Layer.succeed(References.MinimumLogLevel, level)
    )
  }
}
