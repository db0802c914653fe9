/**
 * Whether a host is this machine only. Whoever may be careless there, and nowhere else, asks it.
 */
import { Result } from "effect"
import * as NetAddress from "effect/net/NetAddress"

/** A loopback address without brackets and port, or `localhost` and the names below it (RFC 6761, section 6.3). */
export const isLoopback = (host: string): boolean =>
  /^(?:.+\.)?localhost$/i.test(host) ||
  Result.isSuccess(Result.filterOrFail(NetAddress.ipFromString(host), NetAddress.isLoopback, String))
