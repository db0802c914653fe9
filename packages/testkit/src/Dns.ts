/**
 * The simulated DNS: zones, servers, resolvers, panels, and a customer who knows only what a fix says. Imports nothing
 * of vitest, so that any program can use it.
 */
export * from "./dns/Panels.ts"
export * from "./dns/RobotCustomer.ts"
export * from "./dns/SimulatedDns.ts"
export * from "./dns/SimulatedZone.ts"
