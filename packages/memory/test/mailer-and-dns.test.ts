import { MemoryDns } from "@countersign/memory"
import { DnsWorld, dnsResolverContract } from "@countersign/testkit"
import { Effect, Layer } from "effect"

const world = Layer.effect(
  DnsWorld,
  Effect.map(MemoryDns, ({ breakDown, put, remove, restore }) => ({
    put,
    remove,
    breakDown: (name) => breakDown("SERVFAIL", name),
    restore
  }))
)

dnsResolverContract("in memory", Layer.provideMerge(world, MemoryDns.layer))
