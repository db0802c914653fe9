/**
 * What stands in the way of a sender, as every dialect that has room for it shows it: blockers and findings. No server
 * in here; a client may import it.
 */
import { Schema } from "effect"

const Blocker = Schema.Struct({
  code: Schema.String.annotate({ description: "Stable; meant for programs." }),
  about: Schema.Literals(["mailbox", "domain", "sender"]).annotate({
    description:
      "Who can mend it: `mailbox` whoever reads the mail of the address, `domain` whoever edits the DNS. `sender` when it was removed."
  }),
  message: Schema.String.annotate({ description: "One sentence for a person." })
}).annotate({ identifier: "Blocker", description: "Why a sender is not active." })

export const blockers = Schema.Array(Blocker).annotate({
  description: "Why the sender is not active; empty when it is."
})

/** Of a sender that was added just now. */
export const exampleBlockers = (address: string, domain: string): ReadonlyArray<typeof Blocker.Type> => [
  {
    code: "mailbox-unconfirmed",
    about: "mailbox",
    message: `The link mailed to ${address} has not been confirmed yet.`
  },
  {
    code: "domain-unverified",
    about: "domain",
    message: `Not all 3 CNAME records of ${domain} are published yet.`
  }
]

const Edit = Schema.Struct({
  action: Schema.Literals(["add", "change", "delete"]),
  type: Schema.String,
  host: Schema.String.annotate({ description: "The name relative to the zone; `@` is the zone itself." }),
  name: Schema.String.annotate({ description: "The whole name, with a dot at its end." }),
  value: Schema.String.annotate({ description: "A name has a dot at its end." }),
  line: Schema.String.annotate({ description: "The record as a line of a zone file." })
}).annotate({ identifier: "DnsEdit", description: "One change in a DNS panel." })

/** A finding without its evidence. */
export const findingFields = {
  code: Schema.String.annotate({ description: "Stable; meant for programs." }),
  class: Schema.Literals(["missing", "mismatch", "conflict", "could-not-ask", "advisory"]).annotate({
    description: "`could-not-ask` says nothing about the record, and an `advisory` keeps nobody from being verified."
  }),
  record: Schema.NullOr(Schema.String).annotate({
    description: "The name of the record; null when it is about the domain."
  }),
  expected: Schema.NullOr(Schema.String).annotate({ description: "The value that the record should have." }),
  found: Schema.Array(Schema.String).annotate({ description: "What stands there instead." }),
  since: Schema.NullOr(Schema.String).annotate({ description: "Since when it is so.", format: "date-time" }),
  message: Schema.String.annotate({ description: "What is seen, in words." }),
  fix: Schema.Struct({
    message: Schema.String.annotate({ description: "What to do, in words." }),
    edits: Schema.Array(Edit).annotate({ description: "The same as data; empty when there is nothing to change." })
  })
}

export const Finding = Schema.Struct(findingFields).annotate({
  identifier: "Finding",
  description: "What the last probe shows about the records."
})
export type Finding = typeof Finding.Type

export const findings = Schema.Array(Finding).annotate({
  description: "What the last probe shows about the records, and the fix."
})
