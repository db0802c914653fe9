/**
 * The DNS of the sandbox without its sockets: packets, zones and faults as pure functions, and the sockets apart. For
 * those who build more than one server of it, such as the testkit's simulated DNS.
 */
export type { Answer, Packet } from "dns-packet"
export { answer, bare, type DnsQuestion, hear, type Rcode, refusal } from "./DnsAnswer.ts"
export { onSocket, type Reaction, reaction, strikes } from "./DnsFault.ts"
export { isWithin, type ZoneApex, zoneOf } from "./DnsLookup.ts"
export { nameBytes, normalName } from "./DnsName.ts"
export { serve } from "./DnsSockets.ts"
export * as DnsZone from "./DnsZone.ts"
export { chance, FaultScript } from "./FaultScript.ts"
