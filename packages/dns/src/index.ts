export { NameServerInvalid, parseNameServer } from "./NameServer.ts"
export { SystemResolver, type SystemResolverOptions } from "./SystemResolver.ts"
