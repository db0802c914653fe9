/**
 * Which addresses of name servers are on the public internet. Whoever owns a domain chooses its name servers, and so
 * chooses to whom this process sends packets: never to its own network.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net"

const listOf = (family: "ipv4" | "ipv6", ...networks: ReadonlyArray<readonly [string, number]>): BlockList => {
  const list = new BlockList()
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family)
  return list
}

// IANA's special-purpose registry without the networks for documentation, which lead nowhere.
const special = listOf(
  "ipv4",
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
)
const unicast = listOf("ipv6", ["2000::", 3])
// Teredo hides the address of a client in its own (RFC 4380).
const teredo = listOf("ipv6", ["2001::", 32])
const nat64 = listOf("ipv6", ["64:ff9b::", 96])
const sixToFour = listOf("ipv6", ["2002::", 16])

/**
 * Whether an IP address is one of the public internet. Of IPv6 that is global unicast; an IPv4 address within one
 * (NAT64 by RFC 6052, 6to4 by RFC 3056) is judged too, and IPv4-mapped ones are none.
 */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return !special.check(address, "ipv4")
  if (!isIPv6(address)) return false
  if (nat64.check(address, "ipv6")) return isPublicAddress(embedded(address, 6))
  if (sixToFour.check(address, "ipv6")) return isPublicAddress(embedded(address, 1))
  return unicast.check(address, "ipv6") && !teredo.check(address, "ipv6")
}

/** The IPv4 address in two groups of an IPv6 address, from this group on. */
const embedded = (address: string, at: number): string => {
  const [head = "", tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::")
  const [before, after] = [head, tail].map((part) => part.split(":").filter((group) => group !== ""))
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0)
  const groups = [...(before ?? []), ...Array<string>(missing).fill("0"), ...(after ?? [])]
  const words = groups.slice(at, at + 2).map((group) => Number.parseInt(group, 16))
  return words.flatMap((word) => [word >> 8, word & 0xff]).join(".")
}
