/**
 * Which host names mean this machine only. The configuration and the sandbox's guard ask it.
 */
import { BlockList, isIP } from "node:net"

const loopback = new BlockList()
loopback.addSubnet("127.0.0.0", 8, "ipv4")
loopback.addAddress("::1", "ipv6")

/** `localhost`, names below it (RFC 6761, section 6.3), and loopback addresses. `host` is without brackets and port. */
export const isLoopback = (host: string): boolean => {
  const family = isIP(host)
  if (family === 0) return /^(?:.+\.)?localhost$/i.test(host)
  return loopback.check(host, family === 6 ? "ipv6" : "ipv4")
}

/** An address that stands for all of the machine's. */
export const isWildcard = (host: string): boolean => host === "0.0.0.0" || (isIP(host) === 6 && /^[0:]+$/.test(host))
