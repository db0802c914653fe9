export type { AccountLimits } from "./Limits.ts"
export { Relay, RelayNotStarted } from "./Relay.ts"
export type { RelayCertificate, RelaySettings } from "./RelaySettings.ts"
export type { UpstreamServer, UpstreamTimeouts } from "./Upstream.ts"
