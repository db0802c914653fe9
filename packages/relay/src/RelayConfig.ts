/**
 * The settings of a relay from environment variables: what each means, and how it is checked. The server's own table
 * shows these rows too.
 */
import { readFileSync } from "node:fs"
import { isIP } from "node:net"
import { parseEmailAddress } from "@countersign/core"
import { isLoopback } from "@countersign/engine"
import { Option, Result } from "effect"
import type { RelaySettings } from "./RelaySettings.ts"
import type { UpstreamServer } from "./Upstream.ts"

/** One row for each variable: what holds without it, and its meaning in a sentence or two. */
export const relayVariables = [
  {
    name: "RELAY_LISTEN",
    byDefault: "`127.0.0.1:2587`",
    meaning: "Where the relay listens, as `host:port`. Port 465 speaks TLS from the first byte, all others STARTTLS."
  },
  {
    name: "RELAY_BOUNCE",
    byDefault: "required with `--relay`",
    meaning: "MAIL FROM of what the relay sends: the address that mail comes back to when it cannot be delivered."
  },
  {
    name: "RELAY_TLS_CERT",
    byDefault: "required off loopback",
    meaning: "The file with the relay's certificate and its chain (PEM). Read at start-up."
  },
  { name: "RELAY_TLS_KEY", byDefault: "required off loopback", meaning: "The file with its private key (PEM)." },
  {
    name: "RELAY_FALLBACK",
    byDefault: "`refuse`",
    meaning: "What becomes of mail whose From may not be used: `refuse`, or `rewrite` to send it from `FALLBACK_FROM`."
  },
  {
    name: "RELAY_UNSIGNED_HEADERS",
    byDefault: "none",
    meaning:
      "Header names that signatures leave out, separated by commas, because the mail server writes them anew. `ses` stands for `date,message-id`."
  },
  { name: "RELAY_MAX_MIB", byDefault: "`25`", meaning: "The largest message that the relay takes, in MiB." },
  {
    name: "RELAY_CONNECTIONS",
    byDefault: "`20`",
    meaning: "The most connections to the relay that an account may have."
  },
  { name: "RELAY_RATE", byDefault: "`600`", meaning: "The most messages a minute that an account may send." }
] as const

/** The name of one of them. */
export type RelayVariable = (typeof relayVariables)[number]["name"]

/** Variables that are missing or wrong. The message is one line for each, a sentence that names it. */
export interface RelayProblems {
  readonly variables: ReadonlyArray<RelayVariable>
  readonly message: string
}

/** Reads the settings, or says all that is wrong with them. `given` is the text of a variable that is set. */
export const readRelaySettings = (
  given: (name: RelayVariable) => string | undefined,
  upstream: UpstreamServer
): Result.Result<RelaySettings, RelayProblems> => {
  const problems: Array<{ readonly variable: RelayVariable; readonly message: string }> = []
  const read = <A>(variable: RelayVariable, byDefault: string, parse: (text: string) => A, wanted: string) =>
    Result.getOrElse(
      Result.try(() => Option.some(parse(given(variable) ?? byDefault))),
      () => {
        problems.push({ variable, message: `${variable} must be ${wanted}.` })
        return Option.none<A>()
      }
    )

  const listen = read("RELAY_LISTEN", "127.0.0.1:2587", address, "host:port, such as 0.0.0.0:587")
  const bounce = read("RELAY_BOUNCE", "", mailbox, "the address that undeliverable mail comes back to")
  const fallback = read("RELAY_FALLBACK", "refuse", oneOf("refuse", "rewrite"), "refuse or rewrite")
  const unsigned = read(
    "RELAY_UNSIGNED_HEADERS",
    "",
    headerNames,
    "ses or names of headers, and From is not one of them"
  )
  const size = read("RELAY_MAX_MIB", "25", wholeNumber(500), "a whole number from 1 to 500")
  const connections = read("RELAY_CONNECTIONS", "20", wholeNumber(10_000), "a whole number from 1 to 10000")
  const rate = read("RELAY_RATE", "600", wholeNumber(1_000_000), "a whole number from 1 to 1000000")
  const local = Option.match(listen, { onNone: () => true, onSome: ({ host }) => isLoopback(host) })
  const wantsTls = !local || given("RELAY_TLS_CERT") !== undefined || given("RELAY_TLS_KEY") !== undefined
  const pem = (variable: RelayVariable) =>
    wantsTls
      ? read(
          variable,
          "",
          (path) => readFileSync(path, "utf8"),
          "a file that can be read: off loopback the relay speaks TLS"
        )
      : Option.some("")
  const all = Option.all({
    ...{ listen, bounce, fallback, unsigned, size, connections, rate },
    ...{ cert: pem("RELAY_TLS_CERT"), key: pem("RELAY_TLS_KEY") }
  })
  return Result.map(
    Result.fromOption(all, () => ({
      variables: problems.map(({ variable }) => variable),
      message: problems.map(({ message }) => message).join("\n")
    })),
    ({ listen, size, connections, rate, cert, key, ...rest }) => ({
      ...{ ...listen, ...rest, upstream, maxBytes: size * 1_048_576 },
      limits: { connections, messagesPerMinute: rate },
      certificate: wantsTls ? { cert, key, implicit: listen.port === 465 } : undefined
    })
  )
}

// They throw on what they cannot read: `read` has the sentence.

const address = (text: string) => {
  const [, inBrackets, plain = "", port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = inBrackets ?? plain
  if (isIP(host) === 0 && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)) throw new RangeError(text)
  return { host, port: wholeNumber(65_535, 0)(port ?? "") }
}

const wholeNumber =
  (most: number, least = 1) =>
  (text: string) => {
    if (!/^\d{1,7}$/.test(text) || Number(text) > most || Number(text) < least) throw new RangeError(text)
    return Number(text)
  }

const mailbox = (text: string) => Result.getOrThrow(parseEmailAddress(text)).delivery

const oneOf =
  <const A extends string>(...texts: ReadonlyArray<A>) =>
  (text: string): A => {
    const found = texts.find((one) => one === text)
    if (found === undefined) throw new RangeError(text)
    return found
  }

const headerNames = (text: string): ReadonlyArray<string> => {
  const names = text.toLowerCase().replace(/\s/g, "").replace(/^ses$/, "date,message-id").split(",")
  if (names.some((name) => name === "from" || !/^[!-9;-~]*$/.test(name))) throw new RangeError(text)
  return names.filter((name) => name !== "")
}
