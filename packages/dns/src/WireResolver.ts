/**
 * The resolver that speaks DNS itself: it asks the servers of the zone that a name is in, and recursive resolvers only
 * what their caches may keep.
 *
 * Our own question for a record that is not published yet would put a no into the cache that is asked later. So a
 * recursive resolver is asked for NS records of a registrable domain, for addresses of name servers, and for a name
 * only when an authoritative answer showed it. `docs/explanation/asking-the-dns.md` tells how.
 */
import { type DnsObservation, registrableDomain, type SourceAnswer } from "@countersign/core"
import { type DnsQuestionOptions, DnsResolver } from "@countersign/engine"
import { Clock, Duration, Effect, Layer } from "effect"
import { makeDelegations } from "./Delegations.ts"
import type { Question } from "./DnsMessage.ts"
import { canonicalName, isAtOrBelow, labelsOf } from "./DnsName.ts"
import type { DnsTransport } from "./DnsTransport.ts"
import { type NameServerInvalid, parseNameServers, systemServers } from "./NameServer.ts"
import { Outages } from "./Outages.ts"
import type { QuestionRates } from "./QuestionRate.ts"
import { makeRecursives } from "./Recursives.ts"
import { makeServerAsker } from "./ServerQuestion.ts"
import { SocketTransport, type SocketTransportOptions } from "./SocketTransport.ts"
import { mostSources, Sources, unasked } from "./Sources.ts"
import { Walk, walkDown } from "./ZoneWalk.ts"

/** Whom to ask, and within which limits. */
export interface WireResolverOptions {
  /** The recursive resolvers, as `host:port`. Absent: the system's own, read again for every question. */
  readonly servers?: ReadonlyArray<string>
  /**
   * `auto`, the default: the servers of the zone, and recursive resolvers in their place when none of them answered.
   * `resolver`: recursive resolvers only.
   */
  readonly mode?: "auto" | "resolver"
  /** Our own zone: the servers of names in it are asked, whichever domain a question is about. */
  readonly ours?: string
  /** Whether name servers and records may be in private networks, for a DNS that only those inside see. */
  readonly allowPrivate?: boolean
  /** How long one try at one server may take; 2 seconds by default. */
  readonly tryTimeout?: Duration.Input
  /** How long one question may take in all; 5 seconds by default. */
  readonly timeout?: Duration.Input
  /** Questions a second, by default 50 to an authoritative address, 1,000 to a resolver, 5,000 in all. */
  readonly rates?: Partial<QuestionRates>
  /** For how long at most it is remembered which servers a zone has: 60 seconds, and that is the most. */
  readonly remember?: Duration.Input
  /** How long a new domain waits for its first probe when only resolvers are asked; 30 seconds by default. */
  readonly firstProbeAfter?: Duration.Input
}

const longestMemory = Duration.minutes(1)
const wantedResolvers = 2
/** Of the time for a question so much may go to the zone's own servers: the rest is for resolvers in their place. */
const directShare = 0.7

/** `DnsResolver` that speaks DNS. */
export const WireResolver = {
  /** On sockets. Fails when a server of the options is not valid; sends nothing before the first question. */
  layer: (options: WireResolverOptions & SocketTransportOptions = {}): Layer.Layer<DnsResolver, NameServerInvalid> =>
    Layer.provide(WireResolver.layerTransport(options), SocketTransport.layer(options)),

  /** On any transport. */
  layerTransport: (options: WireResolverOptions = {}): Layer.Layer<DnsResolver, NameServerInvalid, DnsTransport> =>
    Layer.effect(DnsResolver, make(options))
}

const make = Effect.fnUntraced(function* (options: WireResolverOptions) {
  const given = options.servers === undefined ? undefined : yield* parseNameServers(options.servers)
  const servers = () => given ?? systemServers()
  const allowPrivate = options.allowPrivate ?? false
  const timeout = millis(options.timeout ?? "5 seconds")
  const asker = yield* makeServerAsker({
    tryTimeout: millis(options.tryTimeout ?? "2 seconds"),
    rates: { authoritative: 50, recursive: 1_000, all: 5_000, ...options.rates }
  })
  const outages = new Outages()
  const recursives = makeRecursives(asker, outages, servers, allowPrivate)
  const remember = Duration.min(Duration.fromInputUnsafe(options.remember ?? longestMemory), longestMemory)
  const walking = { asker, delegations: yield* makeDelegations(recursives, remember), allowPrivate }
  const ours = options.ours === undefined ? undefined : canonicalName(options.ours)

  /** Whether the name is one whose servers we ask. Other names an alias may lead to; they are anybody's. */
  const isAskedDirectly = (name: string, registrable: string, domain: string | undefined): boolean =>
    domain === undefined ||
    registrable === registered(canonicalName(domain) ?? "") ||
    (ours !== undefined && isAtOrBelow(name, ours))

  const askResolvers = Effect.fnUntraced(function* (question: Question, limit: number) {
    const sources = new Sources("recursive")
    yield* Effect.timeoutOption(recursives.ask(question, wantedResolvers, sources), limit)
    return sources.list
  })

  const noteWalk = (walk: Walk): Effect.Effect<void> => {
    if (walk.isDirect) return outages.noteDirect()
    return walk.isCut && !walk.isUseless && walk.zone !== undefined ? outages.noteCut(walk.zone) : Effect.void
  }

  const askDirectly = Effect.fnUntraced(function* (
    question: Question,
    registrable: string,
    { mayBeMissing = false }: DnsQuestionOptions,
    began: number
  ): Effect.fn.Return<Seen> {
    const walk = new Walk()
    yield* Effect.timeoutOption(walkDown(walking, question, registrable, walk), timeout * directShare)
    yield* noteWalk(walk)
    const zone = walk.zone === undefined ? {} : { zone: walk.zone }
    const said = walk.sources.list
    const left = Math.max(0, timeout - ((yield* Clock.currentTimeMillis) - began))
    const answered = walk.sources.answered
    if (answered.length > 0) {
      // A server that does not have the name yet would be the one that the resolver asks, and then remembers.
      const isThere = answered.every(({ outcome }) => outcome === "records")
      const others = isThere || mayBeMissing ? yield* askResolvers(question, left) : []
      return { ...zone, mode: "authoritative", sources: best([...said, ...others]) }
    }
    // Inside and outside of a network such a zone is not the same, and the outside cannot see it.
    if (walk.isPrivate) return { ...zone, mode: "authoritative", sources: best(said) }
    if (walk.noServers?._tag === "NoDomain") return { mode: "resolver", sources: best(walk.noServers.sources) }
    const instead = yield* askResolvers(question, left)
    const sources = best([...instead, ...said, ...(instead.length === 0 ? (walk.noServers?.sources ?? []) : [])])
    const isAnswered = instead.some(({ outcome }) => outcome !== "unavailable")
    return { ...zone, mode: isAnswered ? "resolver" : "authoritative", sources }
  })

  const seen = Effect.fnUntraced(function* (
    given: string,
    question: Question | undefined,
    settings: DnsQuestionOptions
  ): Effect.fn.Return<Seen> {
    const now = yield* Clock.currentTimeMillis
    if (question === undefined) {
      const source = unasked(servers()[0], `${JSON.stringify(given)} cannot be asked for: it is no name`)
      return { mode: "resolver", sources: [source] }
    }
    const registrable = registered(question.name)
    if (
      options.mode === "resolver" ||
      !isAskedDirectly(question.name, registrable, settings.domain) ||
      outages.skipsDirect(now)
    ) {
      return { mode: "resolver", sources: yield* askResolvers(question, timeout) }
    }
    return yield* askDirectly(question, registrable, settings, now)
  })

  return DnsResolver.of({
    ask: Effect.fn("WireResolver.ask")(function* (given, type, settings = {}) {
      const name = canonicalName(given)
      const question = name === undefined || name === "" ? undefined : { name, type }
      const { sources, ...found } = yield* seen(given, question, settings)
      const at = yield* Clock.currentTimeMillis
      const atLeastOne = sources.length > 0 ? sources : [unasked(servers()[0], "no DNS server could be asked")]
      return { name: name ?? given.toLowerCase(), type, ...found, at, sources: atLeastOne } satisfies DnsObservation
    }),
    mode: Effect.sync(() => (options.mode === "resolver" || outages.isCutOff ? "resolver" : "authoritative")),
    firstProbeAfter: millis(options.firstProbeAfter ?? "30 seconds")
  })
})

type Seen = Pick<DnsObservation, "mode" | "zone" | "sources">

const millis = (duration: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(duration))

/** Those that answered first, each server once, in as many sources as an observation has. */
const best = (sources: ReadonlyArray<SourceAnswer>): ReadonlyArray<SourceAnswer> => {
  const answered = sources.filter(({ outcome }) => outcome !== "unavailable")
  const failed = sources.filter(({ outcome }) => outcome === "unavailable")
  const each = Map.groupBy([...answered, ...failed], ({ server }) => server).values()
  return [...each].flatMap(([one]) => one ?? []).slice(0, mostSources)
}

/** The domain that somebody registered: the list of suffixes knows no escaped octets, and none are in its names. */
const registered = (name: string): string => {
  const labels = labelsOf(name)
  const plain = labels.slice(labels.findLastIndex((label) => label.includes("\\")) + 1).join(".")
  return plain === "" ? name : registrableDomain(plain)
}
