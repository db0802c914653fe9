/**
 * The resolver sends the DNS one query and tells four answers apart: records, no such name, no such records, and
 * "could not ask". It never guesses: whatever is not an answer is `Unavailable`.
 */
import { Context, type Effect } from "effect"

/** The types that may be queried. */
export type DnsRecordType = "CNAME" | "A" | "AAAA" | "TXT" | "NS" | "MX"

/**
 * `servers` were queried, as `host:port`. Values are as in zone files: names lower-case without the trailing dot, the
 * strings of a TXT record joined.
 */
export type DnsAnswer =
  | { readonly _tag: "Records"; readonly values: ReadonlyArray<string>; readonly servers: ReadonlyArray<string> }
  /** NXDOMAIN (RFC 8020): nothing at the name, nor below it. */
  | { readonly _tag: "NoName"; readonly servers: ReadonlyArray<string> }
  /** NODATA (RFC 2308, section 2.2): the name is there, without records of the type. */
  | { readonly _tag: "NoData"; readonly servers: ReadonlyArray<string> }
  /** SERVFAIL, REFUSED, timeout, nonsense. Says nothing about the name. */
  | { readonly _tag: "Unavailable"; readonly reason: string; readonly servers: ReadonlyArray<string> }

/** Sends the DNS one query. */
export class DnsResolver extends Context.Service<
  DnsResolver,
  {
    /**
     * Queries the records at exactly this name; for CNAME that is one hop. Always answers within the adapter's time
     * limit.
     */
    readonly query: (name: string, type: DnsRecordType) => Effect.Effect<DnsAnswer>
  }
>()("countersign/DnsResolver") {}
