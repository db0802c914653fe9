/**
 * The documents of the OpenTransact dialect: what its endpoints take and answer. No server in here; a client may import
 * it.
 */
import { Schema } from "effect"
import { blockers, exampleBlockers, findings } from "../../FindingSchema.ts"

const Time = (description: string) => Schema.String.annotate({ description, format: "date-time", readOnly: true })

const example = {
  type: "email-addresses",
  id: "5f0c3a52-7b1e-8d0a-9c7d-2f4e6a8b0c1d",
  attributes: {
    email: "user@example.com",
    metadata: "{}",
    "created-at": "2024-05-01T00:00:00Z",
    "updated-at": "2024-05-01T00:00:00Z"
  },
  relationships: { owner: { data: { type: "applications", id: "4c72784e-fb2a-4858-8067-95b6e36d54c0" } } },
  meta: {
    status: "pending",
    kind: "email",
    "dns-records": [
      {
        type: "CNAME",
        name: "mfzwizltoq2gk43uebxgk5tfoiqgc3th._domainkey.example.com",
        value: "mfzwizltoq2gk43uebxgk5tfoiqgc3th.k1.dkim.example.net"
      }
    ],
    blockers: exampleBlockers("user@example.com", "example.com")
  }
} as const

const ResourceType = Schema.Literal("email-addresses")

const OwnerRelationship = Schema.Struct({
  data: Schema.Struct({
    type: Schema.Literals(["applications", "profiles"]).annotate({
      description: "`applications` is the account itself, `profiles` is one of its organizations."
    }),
    id: Schema.String.annotate({ description: "The id of the account or of the organization." })
  })
}).annotate({ identifier: "OwnerRelationship" })

const Metadata = Schema.Record(Schema.String, Schema.Json)

/** The resource. With `fields[email-addresses]` it has the fields that are asked for only. */
export const EmailAddressResource = Schema.Struct({
  type: ResourceType,
  id: Schema.String.annotate({ description: "Stays the same when an address is removed and added again." }),
  attributes: Schema.optionalKey(
    Schema.Struct({
      email: Schema.optionalKey(
        Schema.String.annotate({ description: "The address as it was typed; of a domain sender, the domain." })
      ),
      metadata: Schema.optionalKey(Schema.String.annotate({ description: "The JSON text of an object." })),
      "created-at": Schema.optionalKey(Time("When the address was added: ISO 8601 in UTC, whole seconds.")),
      "updated-at": Schema.optionalKey(Time("When something last changed that the API shows."))
    })
  ),
  relationships: Schema.optionalKey(Schema.Struct({ owner: OwnerRelationship })),
  meta: Schema.Struct({
    status: Schema.Literals(["pending", "email-verified", "domain-verified", "active"]).annotate({
      description: "Only an `active` address is used as sender."
    }),
    kind: Schema.Literals(["email", "domain"]).annotate({ description: "An address, or a whole domain." }),
    "dns-records": Schema.Array(
      Schema.Struct({
        type: Schema.Literal("CNAME"),
        name: Schema.String,
        value: Schema.String.annotate({ description: "The name that the record points to." })
      })
    ).annotate({ description: "The records that the owner of the domain must publish." }),
    blockers,
    findings: Schema.optionalKey(findings.annotate({ description: "What the last probe shows; absent in lists." }))
  })
}).annotate({ identifier: "EmailAddressResource", examples: [example] })
export type EmailAddressResource = typeof EmailAddressResource.Type

export const EmailAddressDocument = Schema.Struct({ data: EmailAddressResource }).annotate({
  identifier: "EmailAddressResponse",
  examples: [{ data: example }]
})

const Link = Schema.String
const listUrl = (page: number) =>
  `https://verify.example.com/v1/email-addresses?page%5Bnumber%5D=${page}&page%5Bsize%5D=30`

export const EmailAddressList = Schema.Struct({
  data: Schema.Array(EmailAddressResource),
  meta: Schema.Struct({
    "page-count": Schema.Int,
    count: Schema.Int.annotate({ description: "How many there are on all pages." }),
    "current-page": Schema.Int
  }),
  links: Schema.Struct({
    self: Link,
    first: Link,
    last: Link,
    next: Schema.optionalKey(Link.annotate({ description: "Absent on the last page." })),
    prev: Schema.optionalKey(Link.annotate({ description: "Absent on the first page." }))
  })
}).annotate({
  identifier: "EmailAddressList",
  examples: [
    {
      data: [example],
      meta: { "page-count": 2, count: 38, "current-page": 1 },
      links: { self: listUrl(1), first: listUrl(1), last: listUrl(2), next: listUrl(2) }
    }
  ]
})
export type EmailAddressList = typeof EmailAddressList.Type

/** What creates an address. Other members are not looked at. */
export const NewEmailAddressDocument = Schema.Struct({
  data: Schema.Struct({
    type: ResourceType,
    attributes: Schema.Struct({
      email: Schema.String.annotate({ description: "The address to send from." }),
      metadata: Schema.optionalKey(
        Schema.Union([Schema.String, Metadata]).annotate({ description: "An object, or the JSON text of one." })
      )
    }),
    relationships: Schema.Struct({ owner: OwnerRelationship })
  })
}).annotate({
  identifier: "EmailAddressRequest",
  examples: [
    {
      data: {
        type: "email-addresses",
        attributes: { email: "user@example.com", metadata: "{}" },
        relationships: { owner: { data: { type: "profiles", id: "4c72784e-fb2a-4858-8067-95b6e36d54c0" } } }
      }
    }
  ]
})
