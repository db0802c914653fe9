/**
 * The DNS of the sandbox without its sockets: packets, zones and faults as pure functions, and the sockets apart. For
 * those who build more than one server of it, such as the testkit's simulated DNS.
 */
export { answer, bare, type DnsQuestion, hear, onWire, type Rcode, refusal, sizeLimit } from "./DnsAnswer.ts"
export { type Reaction, reaction, strikes } from "./DnsFault.ts"
export { type Authority, look, type ZoneApex, zoneOf } from "./DnsLookup.ts"
export { normalName } from "./DnsName.ts"
export { serve } from "./DnsSockets.ts"
export * as DnsZone from "./DnsZone.ts"
export { chance, FaultScript } from "./FaultScript.ts"
