/**
 * The timeline of a sender: its events, and what they came to at a time. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { Observation } from "./DnsReport.ts"
import { next, Sender, Time } from "./Sender.ts"

const TimelineEvent = Schema.Struct({
  id: Schema.String,
  type: Schema.String.annotate({ description: "For example `DomainVerified`: see the page on events." }),
  at: Time("When it happened."),
  data: Schema.Record(Schema.String, Schema.Json).annotate({ description: "What else the event says." }),
  evidence: Schema.Array(Observation).annotate({ description: "What a change of the domain follows from." }),
  actor: Schema.String.annotate({
    description: "Who caused it: `key:` and the id of an access key, `mailbox`, `operator` or `worker`."
  }),
  correlation: Schema.String.annotate({ description: "The id of the request, or of the task, that led to it." })
}).annotate({ identifier: "TimelineEvent" })
export type TimelineEvent = typeof TimelineEvent.Type

export const Timeline = Schema.Struct({
  state: Schema.optionalKey(
    Schema.NullOr(Sender).annotate({
      description: "With `as-of`: the sender as it was then; null before it was added."
    })
  ),
  events: Schema.Array(TimelineEvent),
  next
}).annotate({ identifier: "Timeline" })
export type Timeline = typeof Timeline.Type
