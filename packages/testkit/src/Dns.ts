/**
 * The simulated DNS: zones over time, their servers, and recursive resolvers. Imports nothing of vitest, so that any
 * program can use it.
 */
export * from "./dns/SimulatedDns.ts"
export * from "./dns/SimulatedZone.ts"
