import { MailRefused } from "@countersign/engine"
import { MemoryDns, MemoryMailer } from "@countersign/memory"
import { DnsWorld, dnsResolverContract, MailWorld, mailerContract } from "@countersign/testkit"
import { Effect, Layer } from "effect"

const dnsWorld = Layer.effect(
  DnsWorld,
  Effect.map(MemoryDns, ({ breakDown, put, remove, restore }) => ({
    put,
    remove,
    breakDown: (name) => breakDown("SERVFAIL", name),
    restore
  }))
)

const mailWorld = Layer.effect(
  MailWorld,
  Effect.map(MemoryMailer, ({ accepted, refuseNext }) => ({
    arrived: Effect.map(accepted, (messages) => messages.map((message) => ({ ...message, to: [message.to] }))),
    refuseNext: (code, reason) => refuseNext(new MailRefused({ permanent: code >= 500, reason, code }))
  }))
)

dnsResolverContract("in memory", Layer.provideMerge(dnsWorld, MemoryDns.layer))
mailerContract("in memory", Layer.provideMerge(mailWorld, MemoryMailer.layer))
