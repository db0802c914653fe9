import { SystemResolver, WireResolver } from "@countersign/dns"
import { dnsResolverContract } from "@countersign/testkit"
import { sandboxWorld } from "./SandboxWorld.ts"
import { authoritativeWorld } from "./WireWorld.ts"

dnsResolverContract(
  "the system's resolver",
  sandboxWorld((address) => SystemResolver.layer({ servers: [address] }))
)
dnsResolverContract("the wire resolver", authoritativeWorld)
dnsResolverContract(
  "the wire resolver, recursive servers only",
  sandboxWorld((address) => WireResolver.layer({ servers: [address], mode: "resolver" }))
)
