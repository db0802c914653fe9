/**
 * The resolver on `node:dns`: queries the recursive servers of the system, or those it is given, as any program on
 * the machine would. It reads no hosts file, appends no search domain, and caches nothing.
 *
 * It promises that every question ends: after at most `tries * servers * timeout` for a CNAME, twice that for other
 * types. It asks one server after the other until one gives an answer that says something about the name; that one
 * decides, and it is the only source besides those that failed.
 *
 * Its mode is always `resolver`: a question about a name that is not published yet puts a no into the cache of the
 * server, and `node:dns` does not tell for how long. Besides, `node:dns` (c-ares) hides, each pinned by a test in
 * `test/node-dns-limits.test.ts`: of several CNAME records at one name all but one; the owner of a record, which need
 * not be the name of the question if id and question of the packet match; what DNSSEC has to do with a failure; the AA
 * bit, so that every source counts as recursive. `WireResolver` has none of these limits.
 */
import { Resolver } from "node:dns/promises"
import type { SourceAnswer } from "@countersign/core"
import { type DnsRecordType, DnsResolver } from "@countersign/engine"
import { Clock, Duration, Effect, Layer } from "effect"
import { printable } from "./DnsMessage.ts"
import { canonicalName, shownName } from "./DnsName.ts"
import { type NameServerInvalid, parseNameServers, systemServers } from "./NameServer.ts"
import { unasked } from "./Sources.ts"

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
  /** How long a new domain waits for its first probe; 30 seconds by default. */
  readonly firstProbeAfter?: Duration.Input
}

/** What one try at one server came to. */
type Said = Pick<SourceAnswer, "outcome" | "records" | "reason">

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
        const given = options.servers === undefined ? undefined : yield* parseNameServers(options.servers)
        const timeout = Duration.toMillis(Duration.fromInputUnsafe(options.timeout ?? "2 seconds"))
        const tries = Math.max(1, Math.trunc(options.tries ?? 2))
        const settings = { servers: () => given ?? systemServers(), timeout, tries }
        return DnsResolver.of({
          ask: Effect.fn("SystemResolver.ask")(function* (name, type) {
            const bare = name.toLowerCase().replace(/\.$/, "")
            const sources = yield* ask(settings, bare, type)
            return { name: bare, type, mode: "resolver", at: yield* Clock.currentTimeMillis, sources }
          }),
          mode: Effect.succeed("resolver"),
          firstProbeAfter: Duration.toMillis(Duration.fromInputUnsafe(options.firstProbeAfter ?? "30 seconds"))
        })
      })
    )
}

interface Settings {
  readonly servers: () => ReadonlyArray<string>
  /** Milliseconds. */
  readonly timeout: number
  readonly tries: number
}

const ask = Effect.fnUntraced(function* (
  settings: Settings,
  name: string,
  type: DnsRecordType
): Effect.fn.Return<ReadonlyArray<SourceAnswer>> {
  if (!queryable.test(name)) {
    return [unasked(settings.servers()[0], `${JSON.stringify(name)} cannot be asked for: it is no name`)]
  }
  // For any other type c-ares tells what stands at the end of an alias, or that there is nothing.
  const alias = yield* askServers(settings, name, "CNAME")
  const isPlain = alias.some(({ outcome }) => outcome === "nodata")
  return type === "CNAME" || !isPlain ? alias : yield* askServers(settings, name, type)
})

const askServers = Effect.fnUntraced(function* (
  settings: Settings,
  name: string,
  type: DnsRecordType
): Effect.fn.Return<ReadonlyArray<SourceAnswer>> {
  const servers = settings.servers()
  const sources = new Map<string, SourceAnswer>()
  for (let round = 0; round < settings.tries; round++) {
    for (const server of servers) {
      const said = yield* askOnce(server, settings.timeout, name, type)
      sources.set(server, { server, role: "recursive", ...said })
      if (said.outcome !== "unavailable") return [...sources.values()]
    }
  }
  return servers.length === 0 ? [unasked(undefined, "no DNS server is configured")] : [...sources.values()]
})

/**
 * One try. Each has a c-ares channel of its own (20 µs): a channel remembers which servers failed, keeps its source
 * port, and can only be cancelled as a whole. The limit is kept here, because a try of c-ares takes up to twice its
 * timeout: Node reads its clock in steps of that size.
 */
const askOnce = (server: string, timeout: number, name: string, type: DnsRecordType): Effect.Effect<Said> =>
  Effect.tryPromise({
    try: (signal) => {
      const resolver = new Resolver({ timeout, tries: 1 })
      resolver.setServers([server])
      signal.addEventListener("abort", () => resolver.cancel(), { once: true })
      return lookUp(resolver, name, type)
    },
    catch: failed
  }).pipe(
    Effect.map((values): Said => {
      const records = values.map((value) => ({ type, value }))
      return { outcome: records.length === 0 ? "nodata" : "records", records }
    }),
    Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.succeed(unavailable(late)) }),
    Effect.catch((said) => Effect.succeed(said))
  )

const unavailable = (reason: string): Said => ({ outcome: "unavailable", records: [], reason })

const failed = (cause: unknown): Said => {
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""
  if (code === "ENOTFOUND") return { outcome: "nxdomain", records: [] }
  if (code === "ENODATA") return { outcome: "nodata", records: [] }
  return unavailable(words[code] ?? (code === "" ? String(cause) : code))
}

const lookUp = async (resolver: Resolver, name: string, type: DnsRecordType): Promise<ReadonlyArray<string>> => {
  switch (type) {
    case "CNAME":
      return (await resolver.resolveCname(name)).map(target)
    case "A":
      return resolver.resolve4(name)
    case "AAAA":
      return resolver.resolve6(name)
    case "TXT":
      // `node:dns` hands out one character per octet.
      return (await resolver.resolveTxt(name)).map((strings) => printable(Buffer.from(strings.join(""), "latin1")))
    case "NS":
      return (await resolver.resolveNs(name)).map(target)
    case "MX":
      return (await resolver.resolveMx(name)).map(({ exchange, priority }) => `${priority} ${target(exchange)}`)
    case "SOA": {
      const { expire, hostmaster, minttl, nsname, refresh, retry, serial } = await resolver.resolveSoa(name)
      return [[target(nsname), target(hostmaster), serial, refresh, retry, expire, minttl].join(" ")]
    }
  }
}

/** c-ares escapes as zone files do, and has nothing for the root, which is the null MX (RFC 7505). */
const target = (name: string): string => (name === "" ? "." : shownName(canonicalName(name) ?? name.toLowerCase()))
