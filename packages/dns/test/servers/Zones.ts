/**
 * The zones of a world of real name servers, as they are written into zone files (RFC 1035, section 5).
 */
import { addresses, type HostName } from "./Hosts.ts"

export interface Zone {
  readonly apex: string
  /** The servers that the NS records name, and so those that are asked. */
  readonly listed: ReadonlyArray<HostName>
  /** The servers that have the zone; those that are listed when absent. */
  readonly served?: ReadonlyArray<HostName>
  /** The servers that the recursive resolver asks; those that are listed when absent. */
  readonly resolved?: ReadonlyArray<HostName>
  /** Lines of the zone file besides the SOA record, the NS records and the addresses of the name servers. */
  readonly lines?: ReadonlyArray<string>
  /** Signed, with signatures that hold, or that ran out years ago. */
  readonly signed?: "now" | "years ago"
}

export const serversOf = ({ listed, served = listed }: Zone): ReadonlyArray<HostName> => served

export const resolvedFrom = ({ listed, resolved = listed }: Zone): ReadonlyArray<HostName> => resolved

/** A cache may keep a no for an hour: the SOA record's TTL and its MINIMUM. */
export const negativeTtl = 3_600

const parentOf = (apex: string): string => (apex.includes(".") ? apex.slice(apex.indexOf(".") + 1) : ".")

interface NameServer {
  /** Absolute, with its trailing dot. */
  readonly host: string
  readonly address: string
}

/** Below a label with an underscore there can be no host: the name servers of such a zone have names beside it. */
const nameServers = ({ apex, listed }: Zone): ReadonlyArray<NameServer> =>
  listed.map((name, at) => ({
    host: apex.startsWith("_") ? `keys${at + 1}.${parentOf(apex)}.` : `ns${at + 1}.${apex === "." ? "" : `${apex}.`}`,
    address: addresses[name]
  }))

const addressLine = ({ address, host }: NameServer) => `${host} A ${address}`

export const zoneText = (zone: Zone, serial: number): string =>
  [
    `$ORIGIN ${zone.apex}${zone.apex === "." ? "" : "."}`,
    "$TTL 300",
    `@ ${negativeTtl} SOA ns hostmaster ${serial} 3600 600 86400 ${negativeTtl}`,
    ...nameServers(zone).map(({ host }) => `@ NS ${host}`),
    ...(zone.apex.startsWith("_") ? [] : nameServers(zone).map(addressLine)),
    ...(zone.lines ?? []),
    ""
  ].join("\n")

/** What stands about a zone in the one above it. */
const delegationOf = (zone: Zone): ReadonlyArray<string> =>
  nameServers(zone).flatMap((server) => [`${zone.apex}. NS ${server.host}`, addressLine(server)])

/** The root and the top level domains above the zones, at the host `parent`; below another zone its lines delegate. */
export const withParents = (zones: ReadonlyArray<Zone>): ReadonlyArray<Zone> => {
  const listed = ["parent"] as const
  const tops = [...new Set(zones.map(({ apex }) => apex.slice(apex.lastIndexOf(".") + 1)))].map((apex) => ({
    apex,
    listed,
    lines: zones.filter((zone) => parentOf(zone.apex) === apex).flatMap(delegationOf)
  }))
  const lower = zones.map((zone) => ({
    ...zone,
    lines: [...(zone.lines ?? []), ...zones.filter(({ apex }) => parentOf(apex) === zone.apex).flatMap(delegationOf)]
  }))
  return [{ apex: ".", listed, lines: tops.flatMap(delegationOf) }, ...tops, ...lower]
}

/** The lines for the records of a plan. */
export const published = (
  records: ReadonlyArray<{ readonly name: string; readonly value: string }>,
  ttl = 300
): ReadonlyArray<string> => records.map(({ name, value }) => `${name}. ${ttl} CNAME ${value}.`)
