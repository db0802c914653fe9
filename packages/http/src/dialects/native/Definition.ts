/**
 * The endpoints of the native dialect as an HttpApi definition: the source of the OpenAPI document and of the typed
 * client, and what the tests hold every answer of the handlers against. No server in here; a client may import it.
 */
import { Schema } from "effect"
import {
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSchema,
  HttpApiSecurity,
  OpenApi
} from "effect/http-api"
import { idempotencyHeader } from "../../IdempotencyHeader.ts"
import { DnsReport, ProbeRequested } from "./DnsReport.ts"
import * as ErrorSchemas from "./ErrorSchemas.ts"
import { ListedSender, Sender, SenderPage } from "./Sender.ts"
import { SendPlan, SendPlanRequest } from "./SendPlan.ts"
import { Timeline } from "./Timeline.ts"

const bearer: HttpApiSecurity.Http = HttpApiSecurity.annotate(
  HttpApiSecurity.bearer,
  OpenApi.Description,
  "`Bearer <key>`."
)
const plain = HttpApiSecurity.annotate(
  HttpApiSecurity.apiKey({ key: "Authorization", in: "header" }),
  OpenApi.Description,
  "The access key without a scheme."
)

/** How a request says who calls. */
export class SenderKey extends HttpApiMiddleware.Service<SenderKey>()("countersign/http/SenderKey", {
  error: ErrorSchemas.Unauthorized,
  security: { senderKeyBearer: bearer, senderKey: plain }
}) {}

const text = (description: string, example: string) =>
  Schema.optionalKey(Schema.String.annotate({ description, examples: [example] }))

// Without its `u` the pattern would not come into the OpenAPI document.
const page = (of: string, cursor: string) => ({
  cursor: text("Where the page begins: `next` of the page before.", cursor),
  limit: Schema.optionalKey(
    Schema.String.annotate({ description: `${of} per page: 20 by default, at most 100.`, examples: ["20"] }).check(
      Schema.isPattern(/^0*(?:[1-9][0-9]?|100)$/u)
    )
  )
})

const list = {
  organization: text("Only those of this organization.", "4c72784e-fb2a-4858-8067-95b6e36d54c0"),
  status: text(
    "Only those with this status: `pending`, `email-verified`, `domain-verified` or `active`, or several of them, separated by commas.",
    "pending,active"
  ),
  domain: text("Only addresses at exactly this domain, and the domain itself.", "example.com"),
  address: text("Only this address, however it is spelt.", "billing@example.com"),
  "metadata[key]": text(
    "Only those whose metadata have this value at the top-level key that stands in place of `key`. Other values than strings compare by their JSON text. Several keys must all match.",
    "1234"
  ),
  ...page("Senders", "Rk9Zb3Vfd2lsbF9ub3Rfcg")
}

const params = { id: Schema.String.annotate({ description: "The id of the sender." }) }

const ifNoneMatch = {
  "if-none-match": text(
    "The `ETag` of an earlier answer: an unchanged sender answers 304, without a body.",
    '"Rk9Zb3Vfd2lsbF9ub3Rfcg"'
  )
}

const always = [ErrorSchemas.BadRequest, ErrorSchemas.Fault, ErrorSchemas.Unavailable] as const

const summarized = (summary: string, description: string) => OpenApi.annotations({ summary, description })

/** The senders of an account and of its organizations. */
export class SendersGroup extends HttpApiGroup.make("senders")
  .add(
    HttpApiEndpoint.get("list", "/v1/senders", {
      query: list,
      success: SenderPage,
      error: [ErrorSchemas.Invalid, ...always]
    }).annotateMerge(
      summarized(
        "List senders",
        "Of the account and of its organizations, the oldest first. `Link` has the next page (RFC 8288). Parameters that are not listed here answer 400."
      )
    ),
    HttpApiEndpoint.get("show", "/v1/senders/:id", {
      params,
      headers: ifNoneMatch,
      success: [Sender, HttpApiSchema.Empty(304).annotate({ description: "It is as it was." })],
      error: [ErrorSchemas.NotFound, ...always]
    }).annotateMerge(
      summarized(
        "Show a sender",
        "With the times of both axes. Whoever asks is looking at it: for two minutes its domain is probed every few seconds."
      )
    ),
    HttpApiEndpoint.get("dns", "/v1/senders/:id/dns", {
      params,
      success: DnsReport,
      error: [ErrorSchemas.NotFound, ...always]
    }).annotateMerge(
      summarized(
        "Show what is known about the DNS",
        "The records in each form with their verdicts, what is wrong and how to mend it, and which source said what. The domain is watched as for the sender itself."
      )
    ),
    HttpApiEndpoint.post("probe", "/v1/senders/:id/dns/probes", {
      params,
      headers: idempotencyHeader,
      success: ProbeRequested.pipe(HttpApiSchema.status(202)),
      error: [
        ErrorSchemas.NotFound,
        ErrorSchemas.Conflict,
        ErrorSchemas.BodyTooLarge,
        ErrorSchemas.UnsupportedMediaType,
        ErrorSchemas.KeyReused,
        ...always
      ]
    }).annotateMerge(
      summarized(
        "Probe the domain now",
        "At most once in 10 seconds: more requests are one probe. Never makes anything worse than the schedule would. The body is ignored."
      )
    ),
    HttpApiEndpoint.get("events", "/v1/senders/:id/events", {
      params,
      query: {
        ...page("Events", "1"),
        "as-of": text("Only what happened until then, and the sender as it was then.", "2099-12-31T23:59:59Z")
      },
      success: Timeline,
      error: [ErrorSchemas.NotFound, ErrorSchemas.Invalid, ...always]
    }).annotateMerge(
      summarized(
        "Show the timeline of a sender",
        "Every event with its evidence, who caused it and for which request; the oldest first, earlier lives and removed senders included. `Link` has the next page."
      )
    ),
    HttpApiEndpoint.get("effective", "/v1/effective-sender", {
      query: { organization: text("The organization that sends.", "4c72784e-fb2a-4858-8067-95b6e36d54c0") },
      success: ListedSender,
      error: [ErrorSchemas.NotFound, ErrorSchemas.Invalid, ...always]
    }).annotateMerge(
      summarized(
        "Show the effective sender",
        "The newest active address of the organization, else of the account, as lists show it; 404 when there is none."
      )
    ),
    HttpApiEndpoint.post("plan", "/v1/send-plans", {
      payload: SendPlanRequest,
      success: SendPlan,
      error: [ErrorSchemas.BodyTooLarge, ErrorSchemas.UnsupportedMediaType, ErrorSchemas.UnusableMember, ...always]
    }).annotateMerge(
      summarized(
        "Plan a mail",
        "Which From a mail may have now, and what it is signed with. It changes nothing, so it needs no `Idempotency-Key`. Never later than a second behind the log; while the storage is away it is the fallback."
      )
    )
  )
  .middleware(SenderKey)
  .annotateMerge(
    OpenApi.annotations({
      title: "Native: senders",
      description: "The native dialect: all there is to say about the senders of an account, with RFC 9457 problems."
    })
  ) {}
