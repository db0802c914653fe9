/**
 * A sender as the native dialect shows it. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { blockers, exampleBlockers } from "../../FindingSchema.ts"

/** A time that the service sets. */
export const Time = (description: string) => Schema.String.annotate({ description, format: "date-time" })
export const TimeOrNull = (description: string) => Schema.NullOr(Time(description))

const Verdict = Schema.NullOr(Schema.Literals(["valid", "missing", "mismatch", "conflict", "indeterminate"])).annotate({
  description: "What the last probe says about the record; null before the first."
})

export const recordFields = {
  type: Schema.Literal("CNAME"),
  name: Schema.String.annotate({ description: "The whole name, without a dot at its end." }),
  host: Schema.String.annotate({ description: "The name relative to its zone: what most DNS panels want." }),
  value: Schema.String.annotate({ description: "The name that the record points to." }),
  verdict: Verdict
}

const SenderRecord = Schema.Struct(recordFields).annotate({
  identifier: "SenderRecord",
  description: "A record that the owner of the domain publishes."
})

const fields = {
  id: Schema.String.annotate({ description: "Stays the same when an address is removed and added again." }),
  address: Schema.optionalKey(
    Schema.String.annotate({ description: "The address as it was typed; absent for a whole domain." })
  ),
  domain: Schema.optionalKey(
    Schema.String.annotate({ description: "The domain as it was typed, for every address of a domain." })
  ),
  organization: Schema.NullOr(Schema.String).annotate({
    description: "The organization that owns the sender; null when the account does."
  }),
  status: Schema.Literals(["pending", "email-verified", "domain-verified", "active", "removed"]).annotate({
    description: "Both axes in one word. Only an `active` sender may be used."
  }),
  mailbox: Schema.Literals(["pending", "verified", "expired", "declined", "undeliverable", "not-needed"]).annotate({
    description: "Whether the owner of the mailbox confirmed the mailed link; a whole domain has no mailbox."
  }),
  domainState: Schema.Literals(["pending", "verified", "degraded", "timed-out", "lost"]).annotate({
    description: "Whether the records are published. A `degraded` domain is still good, and its records are missing."
  }),
  blockers,
  records: Schema.Array(SenderRecord).annotate({ description: "The records to publish." }),
  metadata: Schema.Record(Schema.String, Schema.Json),
  addedAt: Time("When the sender was added last."),
  updatedAt: Time("When something last changed that the API shows.")
}

export const exampleSender = {
  id: "5f0c3a52-7b1e-8d0a-9c7d-2f4e6a8b0c1d",
  address: "billing@example.com",
  organization: null,
  status: "email-verified",
  mailbox: "verified",
  domainState: "pending",
  blockers: exampleBlockers("billing@example.com", "example.com").slice(1),
  records: [
    {
      type: "CNAME",
      name: "mfzwizltoq2gk43uebxgk5tfoiqgc3th._domainkey.example.com",
      host: "mfzwizltoq2gk43uebxgk5tfoiqgc3th._domainkey",
      value: "mfzwizltoq2gk43uebxgk5tfoiqgc3th.k1.dkim.example.net",
      verdict: "missing"
    }
  ],
  metadata: { customer: "1234" },
  addedAt: "2026-04-20T10:10:30.000Z",
  updatedAt: "2026-04-20T10:12:04.512Z"
} as const

/** As lists show it: what costs no further read. */
export const ListedSender = Schema.Struct(fields).annotate({ identifier: "ListedSender", examples: [exampleSender] })
export type ListedSender = typeof ListedSender.Type

/** Alone: with the times of both axes. */
export const Sender = Schema.Struct({
  ...fields,
  mailboxSince: Time("Since when `mailbox` says so."),
  domainSince: Time("Since when `domainState` says so."),
  link: Schema.NullOr(
    Schema.Struct({
      sentAt: TimeOrNull("When the mail server took the mail."),
      expiresAt: Time("Until when the link can be confirmed.")
    })
  ).annotate({ description: "The newest verification link; null when there is none." })
}).annotate({
  identifier: "SenderDetails",
  examples: [
    {
      ...exampleSender,
      mailboxSince: "2026-04-20T10:12:04.512Z",
      domainSince: "2026-04-20T10:10:30.000Z",
      link: { sentAt: "2026-04-20T10:10:31.218Z", expiresAt: "2026-04-21T10:10:31.218Z" }
    }
  ]
})
export type Sender = typeof Sender.Type

/** Where the next page begins. */
export const next = Schema.NullOr(Schema.String).annotate({
  description: "The `cursor` of the next page; null on the last one. `Link` has the whole URL."
})

export const SenderPage = Schema.Struct({ senders: Schema.Array(ListedSender), next }).annotate({
  identifier: "SenderPage",
  examples: [{ senders: [exampleSender], next: "Rk9Zb3Vfd2lsbF9ub3Rfcg" }]
})
export type SenderPage = typeof SenderPage.Type
