import { dnsResolverContract } from "@countersign/testkit"
import { sandboxWorld } from "./SandboxWorld.ts"

dnsResolverContract("the system's resolver", sandboxWorld)
