/**
 * Which addresses of name servers are on the public internet. Whoever owns a domain chooses its name servers, and so
 * chooses to whom this process sends packets: never to its own network.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net"

const special = new BlockList()
// IANA's special-purpose registry without the networks for documentation, which lead nowhere.
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3]
] as const) {
  special.addSubnet(network, prefix, "ipv4")
}

const unicast = new BlockList()
unicast.addSubnet("2000::", 3, "ipv6")
const translated = new BlockList()
translated.addSubnet("64:ff9b::", 96, "ipv6")
const tunnelled = new BlockList()
// 6to4 (RFC 3056).
tunnelled.addSubnet("2002::", 16, "ipv6")
const teredo = new BlockList()
// Teredo hides the address of a client in its own (RFC 4380).
teredo.addSubnet("2001::", 32, "ipv6")

/**
 * Whether an IP address is one of the public internet. Of IPv6 that is global unicast; an IPv4 address within one
 * (NAT64 by RFC 6052, 6to4) is judged too, and IPv4-mapped ones are none.
 */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return !special.check(address, "ipv4")
  if (!isIPv6(address)) return false
  if (translated.check(address, "ipv6")) return isPublicAddress(embedded(address, 6))
  if (!unicast.check(address, "ipv6") || teredo.check(address, "ipv6")) return false
  return !tunnelled.check(address, "ipv6") || isPublicAddress(embedded(address, 1))
}

/** The IPv4 address in two groups of an IPv6 address, from this group on. */
const embedded = (address: string, at: number): string => {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::")
  const before = head === "" ? [] : head.split(":")
  const after = tail === undefined || tail === "" ? [] : tail.split(":")
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after]
  return groups
    .slice(at, at + 2)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
    .join(".")
}
