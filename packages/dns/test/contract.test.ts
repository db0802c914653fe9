import { dnsResolverContract } from "@countersign/testkit"
import { sandboxWorld } from "./SandboxWorld.ts"
import { authoritativeWorld, recursiveWorld } from "./WireWorld.ts"

dnsResolverContract("the system's resolver", sandboxWorld)
dnsResolverContract("the wire resolver", authoritativeWorld)
dnsResolverContract("the wire resolver, recursive servers only", recursiveWorld)
