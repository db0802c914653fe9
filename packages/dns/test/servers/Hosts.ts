/**
 * The hosts that the zones name: addresses of networks for documentation (RFC 5737), which count as public. Their real
 * places are ports of loopback, which the resolver under test is told by `route`.
 */
export const addresses = {
  bind: "192.0.2.1",
  nsd: "198.51.100.1",
  /** Another provider's server: what is delegated away is there. */
  other: "198.51.100.53",
  /** The servers of the root and of the top level domains. */
  parent: "203.0.113.1"
} as const

export type HostName = keyof typeof addresses

export const programOf = { bind: "named", nsd: "nsd", other: "nsd", parent: "named" } as const satisfies {
  readonly [host in HostName]: "named" | "nsd"
}

export const hostNames: ReadonlyArray<HostName> = ["bind", "nsd", "other", "parent"]
