/**
 * The objects of the Sendmachine dialect: what its endpoints take and answer. No server in here; a client may import
 * it.
 */
import { Schema } from "effect"

const SenderType = Schema.Literals(["email", "domain"]).annotate({
  identifier: "SenderType",
  description: "`email` for one address, `domain` for every address of a domain."
})

const row = {
  email: Schema.String.annotate({
    description: "The address as it was typed when it was added; of a domain, the domain."
  }),
  type: SenderType,
  emailtype: Schema.Literal("both").annotate({ description: "Always `both`." }),
  status: Schema.Literals(["active", "pending"]).annotate({
    description:
      "`active` once everything required is proven: the mailed link confirmed (of `email` only) and the DNS records published. `pending` before, and whenever something of it fails."
  }),
  label: Schema.Literal("").annotate({ description: "Always empty." })
}

const exampleRow = {
  email: "email@example.org",
  type: "email",
  emailtype: "both",
  status: "active",
  label: ""
} as const

const example = { sender_id: "1845637047986104", ...exampleRow } as const

/** A sender as `/sender/list` shows it. */
export const Sender = Schema.Struct({
  sender_id: Schema.String.annotate({
    description: "A decimal number below 2^52. Stays the same when an address is removed and added again."
  }),
  ...row
}).annotate({ identifier: "Sender", examples: [example] })
export type Sender = typeof Sender.Type

const SenderRow = Schema.Struct(row).annotate({ identifier: "SenderRow", examples: [exampleRow] })

/** The senders in one list, or by their domains. */
const Listed = <S extends Schema.Codec<unknown, unknown>>(sender: S) =>
  Schema.Union([Schema.Array(sender), Schema.Record(Schema.String, Schema.Array(sender))]).annotate({
    description: "With `group=domain` an object of lists, keyed by domain; otherwise a list."
  })

const Count = Schema.Union([Schema.String, Schema.Int])

/** What the list was made by: `limit` and `offset` are texts when the request had them, numbers when it had not. */
export const Filters = Schema.Struct({
  status: Schema.Literals(["active", "pending", "active+pending", "all"]),
  type: Schema.Literals(["email", "domain", "all"]),
  group: Schema.Literals(["none", "domain", "flat"]),
  limit: Count,
  offset: Count
}).annotate({
  identifier: "SenderFilters",
  description:
    "What the list was made by. `limit` and `offset` are strings as given, and numbers where they were not given."
})
export type Filters = typeof Filters.Type

/** What `GET /sender/list` answers. */
export const SenderList = Schema.Struct({ senderlist: Listed(Sender), filters: Filters }).annotate({
  identifier: "SenderList",
  examples: [
    {
      senderlist: [example],
      filters: { status: "active", type: "email", group: "none", limit: "20", offset: 0 }
    },
    {
      senderlist: { "example.org": [example] },
      filters: { status: "all", type: "all", group: "domain", limit: 1000, offset: 0 }
    }
  ]
})

/** What `GET /sender` answers. */
export const SenderListing = Schema.Struct({
  senderlist: Listed(SenderRow),
  total: Schema.Int.annotate({ description: "How many senders there are of this status and type, on all pages." })
}).annotate({ identifier: "SenderListing", examples: [{ senderlist: [exampleRow], total: 1 }] })

export const NewSender = Schema.Struct({
  type: SenderType,
  address: Schema.String.annotate({ description: "The address to send from; for type `domain`, the domain." })
}).annotate({
  identifier: "NewSender",
  examples: [
    { type: "email", address: "email2@example.org" },
    { type: "domain", address: "example.org" }
  ]
})

export const AddedSender = Schema.Struct({
  sender: Schema.Struct({ address: Schema.String, type: SenderType }),
  status: Schema.Literal("added").annotate({ description: "What was done; the sender itself is still pending." })
}).annotate({
  identifier: "AddedSender",
  examples: [{ sender: { address: "email2@example.org", type: "email" }, status: "added" }]
})

export const DeletedSender = Schema.Struct({ status: Schema.Literal("deleted") }).annotate({
  identifier: "DeletedSender",
  examples: [{ status: "deleted" }]
})
