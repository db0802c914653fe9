/**
 * How a relay is set up. The SMTP side reads it; `RelayConfig` makes it from environment variables.
 */
import type { Duration } from "effect"
import type { AccountLimits } from "./Limits.ts"
import type { UpstreamServer, UpstreamTimeouts } from "./Upstream.ts"

/** A certificate with its chain, and its private key, as PEM texts. */
export interface RelayCertificate {
  readonly cert: string
  readonly key: string
  /** TLS from the first byte (RFC 8314), or by STARTTLS. */
  readonly implicit: boolean
}

/** See the top of the file. */
export interface RelaySettings {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Required off loopback. With it nobody authenticates in the clear. */
  readonly certificate: RelayCertificate | undefined
  readonly upstream: UpstreamServer
  /** Certificates (PEM) of the authorities that may vouch for the mail server, instead of those that Node trusts. */
  readonly upstreamCa?: string
  /** MAIL FROM of every message that has one: where mail that cannot be delivered comes back to. */
  readonly bounce: string
  /** Header names that signatures leave out, in lower case. */
  readonly unsigned: ReadonlyArray<string>
  /** What becomes of a message whose From may not be used. */
  readonly fallback: "refuse" | "rewrite"
  /** Octets of the largest message. */
  readonly maxBytes: number
  readonly limits: AccountLimits
  /** Recipients of one message, 100 by default. */
  readonly maxRecipients?: number
  /** Connections at once, 500 by default. */
  readonly maxConnections?: number
  /** How long a client may say nothing; 5 minutes by default (RFC 5321, section 4.5.3.2.7). */
  readonly idle?: Duration.Input
  readonly timeouts?: Partial<UpstreamTimeouts>
}
