/**
 * The address of a DNS server as a person configures it. Read once, when the resolver is built, so that a wrong one
 * ends the start-up with one sentence and not a query with a riddle.
 */
import { Resolver } from "node:dns/promises"
import { isIPv4, isIPv6 } from "node:net"
import { Effect, Result, Schema } from "effect"

/** A setting that names no DNS server; the message is one clear sentence. */
export class NameServerInvalid extends Schema.TaggedError<NameServerInvalid>()("NameServerInvalid", {
  value: Schema.String
}) {
  override get message(): string {
    return this.value === ""
      ? "At least one DNS server is needed when servers are given."
      : `${JSON.stringify(this.value)} is no DNS server: give its IP address, with a port if it is not 53, such as 192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:53.`
  }
}

const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/
const withPort = /^([^:]*):(\d{1,5})$/

/**
 * Reads `host:port` into its full form: `192.0.2.1:53`, `[2001:db8::1]:53`. The host is an IP address, because a name
 * would need a DNS server to be found; the port is 53 unless given.
 */
export const parseNameServer = (input: string): Result.Result<string, NameServerInvalid> => {
  const refused = Result.fail(new NameServerInvalid({ value: input }))
  const text = input.trim()
  if (isIPv4(text)) return Result.succeed(`${text}:53`)
  // A zone index (`fe80::1%eth0`) is dropped by c-ares without a word, so it is refused.
  if (isIPv6(text) && !text.includes("%")) return Result.succeed(`[${text}]:53`)
  const [, six = "", sixPort = "53"] = bracketed.exec(text) ?? []
  if (isIPv6(six) && !six.includes("%"))
    return isPort(sixPort) ? Result.succeed(`[${six}]:${Number(sixPort)}`) : refused
  const [, four = "", fourPort = ""] = withPort.exec(text) ?? []
  return isIPv4(four) && isPort(fourPort) ? Result.succeed(`${four}:${Number(fourPort)}`) : refused
}

const isPort = (text: string): boolean => Number(text) >= 1 && Number(text) <= 65_535

/** Reads the servers of an option; at least one is needed. */
export const parseNameServers = (
  given: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, NameServerInvalid> =>
  given.length === 0
    ? Effect.fail(new NameServerInvalid({ value: "" }))
    : Effect.forEach(given, (server) => Effect.fromResult(parseNameServer(server)))

/** The recursive resolvers of the machine. c-ares leaves the port out where it is 53. */
export const systemServers = (): ReadonlyArray<string> =>
  new Resolver().getServers().map((server) => Result.getOrElse(parseNameServer(server), () => server))
