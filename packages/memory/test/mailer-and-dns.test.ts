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

/** What the in-memory mailer is told to refuse with: a code, as SMTP has one, or none, as a mailer over an HTTP API. */
const mailWorld = (hasCodes: boolean) =>
  Layer.effect(
    MailWorld,
    Effect.map(MemoryMailer, ({ accepted, refuseNext }) => ({
      arrived: Effect.map(accepted, (messages) => messages.map((message) => ({ ...message, to: [message.to] }))),
      refuseNext: (code, reason) =>
        refuseNext(new MailRefused({ permanent: code >= 500, reason, ...(hasCodes ? { code } : {}) }))
    }))
  )

dnsResolverContract("in memory", Layer.provideMerge(dnsWorld, MemoryDns.layer))
dnsResolverContract(
  "in memory, as two servers of a zone",
  Layer.provideMerge(dnsWorld, MemoryDns.layerOf({ mode: "authoritative", servers: ["one:53", "two:53"] }))
)
mailerContract("in memory", Layer.provideMerge(mailWorld(true), MemoryMailer.layer))
mailerContract("in memory, without codes", Layer.provideMerge(mailWorld(false), MemoryMailer.layer))
