/**
 * The objects of the Space Invoices dialect: what its endpoints take and answer. No server in here; a client may import
 * it.
 */
import { Schema } from "effect"
import { blockers, exampleBlockers, findings } from "../../FindingSchema.ts"
import { DomainVerificationStatus, EmailVerificationStatus } from "./Status.ts"

const Time = (description: string) => Schema.String.annotate({ description, format: "date-time", readOnly: true })

const example = {
  id: "5f0c3a52-7b1e-8d0a-9c7d-2f4e6a8b0c1d",
  email: "billing@example.com",
  emailVerificationStatus: "PENDING",
  domainVerificationStatus: "PENDING",
  tokens: ["mfzwizltoq2gk43uebxgk5tfoiqgc3th", "onxw2zjanzsxg5banzqw2zjamzxxeidu", "nbuxeza2orxwwzloebuxgidimvzgkidu"],
  accountId: "5e9ab369ed6377000d23d5b5",
  organizationId: null,
  createdAt: "2026-04-20T10:10:30.000Z",
  updatedAt: "2026-04-20T10:10:30.000Z",
  status: "pending",
  dnsRecords: [
    {
      type: "CNAME",
      name: "mfzwizltoq2gk43uebxgk5tfoiqgc3th._domainkey.example.com",
      value: "mfzwizltoq2gk43uebxgk5tfoiqgc3th.k1.dkim.example.net"
    }
  ],
  blockers: exampleBlockers("billing@example.com", "example.com"),
  findings: []
} as const

const DnsRecord = Schema.Struct({
  type: Schema.Literal("CNAME"),
  name: Schema.String.annotate({ description: "The name at which the record is published, without a trailing dot." }),
  value: Schema.String.annotate({ description: "The name that the record points to." })
}).annotate({ identifier: "DnsRecord", description: "A record that the owner of the domain must publish." })

/** The EmailAddress object. `status` and what follows it are additions to the documented members. */
export const EmailAddress = Schema.Struct({
  id: Schema.String.annotate({
    description: "Stays the same when an address is removed and added again.",
    readOnly: true
  }),
  email: Schema.String.annotate({ description: "The address as it was typed when it was added." }),
  emailVerificationStatus: EmailVerificationStatus,
  domainVerificationStatus: DomainVerificationStatus,
  tokens: Schema.Array(Schema.String).annotate({
    description:
      "One token per CNAME record: `<token>._domainkey.<domain>` must point to `<token>.k<slot>.<zone>`, slots 1 to 3 in their order. `dnsRecords` has them written out."
  }),
  accountId: Schema.String,
  organizationId: Schema.NullOr(Schema.String).annotate({
    description: "The organization that owns the address; null when the account does."
  }),
  createdAt: Time("When the address was added: ISO 8601 in UTC with milliseconds."),
  updatedAt: Time("When something last changed that the API shows."),
  status: Schema.Literals(["pending", "email-verified", "domain-verified", "active"]).annotate({
    description: "Both verifications in one word. Only an `active` address is used as sender."
  }),
  dnsRecords: Schema.Array(DnsRecord).annotate({ description: "The records to publish." }),
  blockers,
  findings
}).annotate({ identifier: "EmailAddress", examples: [example] })
export type EmailAddress = typeof EmailAddress.Type

export const EmailAddressStatus = Schema.Struct({
  emailVerificationStatus: EmailVerificationStatus,
  domainVerificationStatus: DomainVerificationStatus
}).annotate({
  identifier: "EmailAddressStatus",
  examples: [{ emailVerificationStatus: "SUCCESS", domainVerificationStatus: "PENDING" }]
})
export type EmailAddressStatus = typeof EmailAddressStatus.Type

export const NewEmailAddress = Schema.Struct({
  email: Schema.String.annotate({ description: "The address to send from.", examples: ["billing@example.com"] })
}).annotate({ identifier: "NewEmailAddress", examples: [{ email: "billing@example.com" }] })

export const RemovedCount = Schema.Struct({
  count: Schema.Int.annotate({ description: "How many addresses were removed; 0 when there was none." })
}).annotate({ identifier: "RemovedCount", examples: [{ count: 1 }] })

export const ResendResult = Schema.Struct({ success: Schema.Literal(true) }).annotate({
  identifier: "ResendResult",
  examples: [{ success: true }]
})
