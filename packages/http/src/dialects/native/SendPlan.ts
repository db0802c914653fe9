/**
 * A send plan as the native dialect asks for it and shows it. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { exampleSender, Time } from "./Sender.ts"

/** What is asked. */
export const SendPlanRequest = Schema.Struct({
  organization: Schema.optionalKey(
    Schema.String.annotate({ description: "Whose mail it is; the account's own when absent." })
  ),
  from: Schema.optionalKey(
    Schema.String.annotate({ description: "The address that From should have; the effective sender's when absent." })
  )
}).annotate({
  identifier: "SendPlanRequest",
  examples: [{ organization: "4c72784e-fb2a-4858-8067-95b6e36d54c0", from: "billing@example.com" }, {}]
})

const Obstacle = Schema.Struct({
  code: Schema.Literals([
    "no-active-sender",
    "from-not-a-sender",
    "sender-not-active",
    "record-of-the-key-missing",
    "signing-key-unpublished",
    "storage-unavailable"
  ]),
  message: Schema.String.annotate({ description: "One sentence for whoever can change it." })
})

/** Which From one mail may have now, and what it is signed with. */
export const SendPlan = Schema.Struct({
  from: Schema.NullOr(Schema.String).annotate({ description: "What From has to be; null when nothing may be sent." }),
  replyTo: Schema.NullOr(Schema.String).annotate({ description: "What Reply-To has to be, with a fallback." }),
  sign: Schema.NullOr(
    Schema.Struct({
      domain: Schema.String.annotate({ description: "`d=` of the DKIM signature." }),
      selector: Schema.String.annotate({ description: "`s=` of the DKIM signature." })
    })
  ).annotate({ description: "What the mail is signed with; null when not with a customer's domain." }),
  sender: Schema.NullOr(Schema.String).annotate({ description: "The id of the sender that was asked about." }),
  reason: Schema.Literals(["active", "fallback"]),
  obstacles: Schema.Array(Obstacle).annotate({ description: "Why it is a fallback." }),
  validUntil: Time("When the plan has to be asked for again.")
}).annotate({
  identifier: "SendPlan",
  examples: [
    {
      from: exampleSender.address,
      replyTo: null,
      sign: { domain: "example.com", selector: "mfzwizltoq2gk43uebxgk5tfoiqgc3th" },
      sender: exampleSender.id,
      reason: "active",
      obstacles: [],
      validUntil: "2026-04-20T10:12:05.512Z"
    }
  ]
})
export type SendPlan = typeof SendPlan.Type
