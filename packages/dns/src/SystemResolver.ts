/**
 * The resolver on `node:dns`: queries the recursive servers of the system, or those it is given, as any program on
 * the machine would. It reads no hosts file, appends no search domain, and caches nothing.
 *
 * It promises that every query ends: after at most `tries * servers * timeout` for a CNAME, twice that for other types.
 * It tries one server after the other until one gives an answer that says something about the name.
 *
 * What `node:dns` (c-ares) hides, and so this resolver cannot see, each pinned by a test in
 * `test/node-dns-limits.test.ts`: of several CNAME records at one name it returns only one; it accepts records whose
 * owner is not the name of the query, if id and question of the packet match; and for types other than CNAME it hands
 * out what a server found at the end of an alias.
 */
import { Resolver } from "node:dns/promises"
import { type DnsAnswer, type DnsRecordType, DnsResolver } from "@countersign/engine"
import { Duration, Effect, Layer, Result } from "effect"
import { NameServerInvalid, parseNameServer } from "./NameServer.ts"

/** Which servers to query, and for how long. */
export interface SystemResolverOptions {
  /** `host:port`, queried in this order. Absent: the system's own, read again for every query. */
  readonly servers?: ReadonlyArray<string>
  /**
   * How long one try at one server may take, over UDP and TCP together; 2 seconds by default. c-ares waits for 5 at
   * most.
   */
  readonly timeout?: Duration.Input
  /** How often each server is queried before giving up, 2 by default. */
  readonly tries?: number
}

/** What one try at one server came to. */
type Attempt =
  | { readonly _tag: "Records"; readonly values: ReadonlyArray<string> }
  | { readonly _tag: "NoName" | "NoData" }
  | { readonly _tag: "Failed"; readonly words: string }

// Labels of letters, digits, hyphens and underscores (`_domainkey`), 253 octets in all (RFC 1035, section 2.3.4; RFC
// 8552). Anything else is not handed on: c-ares cuts a name at NUL and then answers for the wrong one.
const queryable = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/

const late = "no answer in time"

/** The errors of c-ares in words. Those that are answers about the name are not here. */
const words: { readonly [code: string]: string } = {
  ESERVFAIL: "SERVFAIL",
  EREFUSED: "REFUSED",
  ENOTIMP: "NOTIMP",
  EFORMERR: "FORMERR",
  EBADRESP: "the answer makes no sense",
  ETIMEOUT: late,
  ECONNREFUSED: "nobody answers there",
  ECANCELLED: "cancelled"
}

/** `DnsResolver` on `node:dns`. */
export const SystemResolver = {
  /** Fails when a server of the options is not valid; sends nothing before the first query. */
  layer: (options: SystemResolverOptions = {}): Layer.Layer<DnsResolver, NameServerInvalid> =>
    Layer.effect(
      DnsResolver,
      Effect.gen(function* () {
        const given = options.servers === undefined ? undefined : yield* nameServers(options.servers)
        const timeout = Duration.toMillis(Duration.fromInputUnsafe(options.timeout ?? "2 seconds"))
        const tries = Math.max(1, Math.trunc(options.tries ?? 2))
        const settings = { servers: () => given ?? systemServers(), timeout, tries }
        return DnsResolver.of({ query: Effect.fn("SystemResolver.query")((name, type) => query(settings, name, type)) })
      })
    )
}

interface Settings {
  readonly servers: () => ReadonlyArray<string>
  /** Milliseconds. */
  readonly timeout: number
  readonly tries: number
}

const nameServers = (given: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, NameServerInvalid> =>
  given.length === 0
    ? Effect.fail(new NameServerInvalid({ value: "" }))
    : Effect.forEach(given, (server) => Effect.fromResult(parseNameServer(server)))

// c-ares leaves the port out where it is 53.
const systemServers = (): ReadonlyArray<string> =>
  new Resolver().getServers().map((server) => Result.getOrElse(parseNameServer(server), () => server))

const query = Effect.fnUntraced(function* (
  settings: Settings,
  given: string,
  type: DnsRecordType
): Effect.fn.Return<DnsAnswer> {
  const name = bareName(given)
  if (!queryable.test(name)) return { _tag: "Unavailable", reason: "the name cannot be queried", servers: [] }
  const answer = yield* queryServers(settings, name, type)
  if (type === "CNAME" || answer._tag !== "NoName") return answer
  // Where the name is an alias, NXDOMAIN is about the last name of the chain (RFC 2308, section 2.1), not about this
  // one.
  const alias = yield* queryServers(settings, name, "CNAME")
  return alias._tag === "Records" ? { _tag: "NoData", servers: alias.servers } : alias
})

const queryServers = Effect.fnUntraced(function* (
  settings: Settings,
  name: string,
  type: DnsRecordType
): Effect.fn.Return<DnsAnswer> {
  const servers = settings.servers()
  const failures = new Map<string, string>()
  for (let round = 0; round < settings.tries; round++) {
    for (const server of servers) {
      const attempt = yield* queryOnce(server, settings.timeout, name, type)
      if (attempt._tag !== "Failed") {
        return { ...attempt, servers: [...new Set([...failures.keys(), server])] }
      }
      failures.set(server, attempt.words)
    }
  }
  const reason = Array.from(failures, ([server, failure]) => `${server}: ${failure}`).join("; ")
  return { _tag: "Unavailable", reason: reason === "" ? "no DNS server is configured" : reason, servers }
})

/**
 * One try. Each has a c-ares channel of its own (20 µs): a channel remembers which servers failed, keeps its source
 * port, and can only be cancelled as a whole. The limit is kept here, because a try of c-ares takes up to twice its
 * timeout: Node reads its clock in steps of that size.
 */
const queryOnce = (server: string, timeout: number, name: string, type: DnsRecordType): Effect.Effect<Attempt> =>
  Effect.tryPromise({
    try: (signal) => {
      const resolver = new Resolver({ timeout, tries: 1 })
      resolver.setServers([server])
      signal.addEventListener("abort", () => resolver.cancel(), { once: true })
      return lookUp(resolver, name, type)
    },
    catch: failed
  }).pipe(
    Effect.map((values): Attempt => (values.length === 0 ? { _tag: "NoData" } : { _tag: "Records", values })),
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.succeed<Attempt>({ _tag: "Failed", words: late })
    }),
    Effect.catch((attempt) => Effect.succeed(attempt))
  )

const failed = (cause: unknown): Attempt => {
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""
  if (code === "ENOTFOUND") return { _tag: "NoName" }
  if (code === "ENODATA") return { _tag: "NoData" }
  return { _tag: "Failed", words: words[code] ?? (code === "" ? String(cause) : code) }
}

const lookUp = async (resolver: Resolver, name: string, type: DnsRecordType): Promise<ReadonlyArray<string>> => {
  switch (type) {
    case "CNAME":
      return (await resolver.resolveCname(name)).map(bareName)
    case "A":
      return resolver.resolve4(name)
    case "AAAA":
      return resolver.resolve6(name)
    case "TXT":
      return (await resolver.resolveTxt(name)).map(text)
    case "NS":
      return (await resolver.resolveNs(name)).map(bareName)
    case "MX":
      // An empty exchange is the root: the null MX (RFC 7505).
      return (await resolver.resolveMx(name)).map(
        ({ exchange, priority }) => `${priority} ${bareName(exchange) || "."}`
      )
  }
}

const bareName = (name: string): string => name.toLowerCase().replace(/\.$/, "")

// `node:dns` hands out one character per octet.
const text = (strings: ReadonlyArray<string>): string => Buffer.from(strings.join(""), "latin1").toString("utf8")
