/**
 * Lists, times and values in the sentences of findings.
 */

/** `a`, `a and b`, `a, b and c`. */
export const listed = (words: ReadonlyArray<string>): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`

/** A server without the port that every DNS server has. */
export const serverName = (server: string): string => server.replace(/:53$/, "")

/** A value as it stands in a sentence: what is very long is cut. */
export const shown = (value: string): string => (value.length > 120 ? `${value.slice(0, 120)}…` : value)

/** Seconds in the largest unit that says them well. */
export const duration = (seconds: number): string => {
  const [size, unit] = seconds < 120 ? [1, "second"] : seconds < 7_200 ? [60, "minute"] : [3_600, "hour"]
  const count = Math.ceil(seconds / size)
  return `${count} ${unit}${count === 1 ? "" : "s"}`
}

/** A time in UTC, to the minute. */
export const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`
