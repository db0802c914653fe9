/**
 * What the native dialect says about the DNS of a sender's domain. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { findingFields } from "../../FindingSchema.ts"
import { recordFields, Time, TimeOrNull } from "./Sender.ts"

const optional = Schema.optionalKey

const SeenRecord = Schema.Struct({
  type: Schema.String,
  value: Schema.String,
  ttl: optional(Schema.Int.annotate({ description: "Seconds." })),
  cut: optional(
    Schema.Struct({ length: Schema.Int, sha256: Schema.String }).annotate({
      description: "The value was too long to keep: its length, and the SHA-256 of all of it."
    })
  )
}).annotate({ identifier: "SeenRecord" })

const SourceAnswer = Schema.Struct({
  server: Schema.String.annotate({ description: "As `host:port`." }),
  role: Schema.Literals(["authoritative", "recursive"]),
  outcome: Schema.Literals(["records", "nxdomain", "nodata", "unavailable"]).annotate({
    description: "`unavailable`: no usable answer, which says nothing about the name."
  }),
  records: Schema.Array(SeenRecord),
  negativeTtl: optional(Schema.Int.annotate({ description: "For how many seconds a cache may keep this no." })),
  reason: optional(Schema.String.annotate({ description: "Why it is unavailable." })),
  bogus: optional(Schema.Boolean.annotate({ description: "DNSSEC is what fails." }))
}).annotate({ identifier: "SourceAnswer", description: "What one server said." })

/** One question, and what each source said to it. */
export const Observation = Schema.Struct({
  name: Schema.String,
  type: Schema.String,
  mode: Schema.Literals(["authoritative", "resolver"]).annotate({
    description: "Whether the servers of the zone were asked, or recursive resolvers in their place."
  }),
  zone: optional(Schema.String),
  at: Time("When it was asked."),
  sources: Schema.Array(SourceAnswer)
}).annotate({ identifier: "DnsObservation", description: "One question, and what each source said." })
export type Observation = typeof Observation.Type

const HostAndValue = Schema.Struct({ host: Schema.String, value: Schema.String }).annotate({
  identifier: "HostAndValue"
})

const ReportedRecord = Schema.Struct({
  ...recordFields,
  found: Schema.Array(Schema.String).annotate({ description: "What stands there instead." }),
  forms: Schema.Struct({
    relative: HostAndValue,
    absolute: HostAndValue,
    zoneFile: Schema.String
  }).annotate({
    description:
      "What to type: relative to the zone, absolute with dots at the end, or a line of a zone file. Panels differ in which they want."
  })
}).annotate({ identifier: "ReportedRecord" })

const ReportedFinding = Schema.Struct({
  ...findingFields,
  evidence: Schema.Array(Observation).annotate({ description: "The answers that show it." })
}).annotate({ identifier: "ReportedFinding" })

export const DnsReport = Schema.Struct({
  zone: Schema.String.annotate({ description: "Where the records belong, as far as it is known." }),
  domainState: Schema.Literals(["pending", "verified", "degraded", "timed-out", "lost"]),
  records: Schema.Array(ReportedRecord),
  findings: Schema.Array(ReportedFinding),
  lastProbe: Schema.NullOr(
    Schema.Struct({
      at: Time("When it was made."),
      result: Schema.Literals(["valid", "negative", "indeterminate"]),
      mode: Observation.fields.mode
    })
  ).annotate({ description: "The last probe, whatever it came to; null before the first." }),
  nextProbeAt: TimeOrNull("When the schedule probes next."),
  lastRightAt: TimeOrNull("When a probe last found every record right."),
  evidence: Schema.Array(Observation).annotate({ description: "Which source said what in the last probe." })
}).annotate({ identifier: "DnsReport" })
export type DnsReport = typeof DnsReport.Type

export const ProbeRequested = Schema.Struct({
  dns: Schema.String.annotate({ description: "The URL at which the outcome is seen, as in `Location`." })
}).annotate({
  identifier: "ProbeRequested",
  examples: [{ dns: "https://verify.example.com/v1/senders/5f0c3a52-7b1e-8d0a-9c7d-2f4e6a8b0c1d/dns" }]
})
