/**
 * The endpoints of the native dialect.
 *
 * Each finds out who calls, reads the query, asks one use case, and puts its answer into the dialect's words. What is
 * wrong with a parameter is answered here, because problem details have a member for its name.
 */
import { SenderNotFound, Senders, Settings } from "@countersign/engine"
import { Effect, Option } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Authorize, Dialect } from "../../Dialect.ts"
import type { Failure } from "../../Failure.ts"
import { idempotencyOf } from "../../IdempotencyKey.ts"
import { problemResponse } from "../../ProblemResponse.ts"
import { jsonObject, readBody } from "../../RequestBody.ts"
import { json, plainHeaders } from "../../Responses.ts"
import { type Exchange, routesOf } from "../../Route.ts"
import { makeCursors } from "./Cursor.ts"
import { SendersGroup } from "./Definition.ts"
import { dnsBody } from "./DnsBody.ts"
import { conditional } from "./ETag.ts"
import {
  type ListParameters,
  type ParameterRefused,
  readKnown,
  readList,
  readOwner,
  readTimeline
} from "./Parameters.ts"
import type { SenderPage } from "./Sender.ts"
import { listedBody, reportBody } from "./SenderBody.ts"
import { planBody, readPlanRequest } from "./SendPlanBody.ts"
import type { Timeline } from "./Timeline.ts"
import { eventBody, stateBody } from "./TimelineBody.ts"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Failure | ParameterRefused>

const checked = (answer: (exchange: Exchange) => Answer) => (exchange: Exchange) =>
  Effect.catchTag(answer(exchange), "ParameterRefused", ({ status, problem, parameter }) =>
    Effect.succeed(HttpServerResponse.setHeaders(problemResponse(status, problem, { parameter }), plainHeaders))
  )

export const routes: Dialect["routes"] = Effect.fnUntraced(function* (authorize: Authorize) {
  const senders = yield* Senders
  const { publicUrl, allowTestNames, linkKeys } = yield* Settings
  const cursors = makeCursors(linkKeys)
  const urlOf = (id: string) => `${publicUrl}/v1/senders/${id}`

  const list = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account } = yield* authorize(exchange)
    const { filter, limit, kept } = yield* readList(exchange, account, cursors, { allowTestNames })
    const found = yield* senders.list({ ...filter, order: "oldest-first", offset: 0, limit: limit + 1 })
    const shown = found.slice(0, limit)
    const last = found.length > limit ? shown.at(-1) : undefined
    const next = last === undefined ? null : cursors.write(account, last.position)
    return page({ senders: shown.map((sender) => listedBody(sender)), next }, `${publicUrl}/v1/senders`, kept)
  })

  const show = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account } = yield* authorize(exchange)
    yield* readKnown(exchange)
    return conditional(exchange, reportBody(yield* senders.status({ account, id: exchange.params.id ?? "" })))
  })

  const dns = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account } = yield* authorize(exchange)
    yield* readKnown(exchange)
    return json(dnsBody(yield* senders.dns({ account, id: exchange.params.id ?? "" })))
  })

  const probe = Effect.fnUntraced(function* (exchange: Exchange) {
    const { bytes } = yield* readBody(exchange.request, [jsonObject])
    const caller = yield* authorize(exchange)
    yield* readKnown(exchange)
    const id = exchange.params.id ?? ""
    yield* senders.probe({ ...caller, ...(yield* idempotencyOf(exchange, bytes)), id })
    const url = `${urlOf(id)}/dns`
    return HttpServerResponse.setHeader(json({ dns: url }, 202), "location", url)
  })

  const events = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account } = yield* authorize(exchange)
    const { after, limit, asOf, kept } = yield* readTimeline(exchange)
    const id = exchange.params.id ?? ""
    const recorded = yield* senders.history({ account, id, after, limit: limit + 1 })
    const until = asOf === undefined ? recorded : recorded.filter(({ event }) => event.at <= asOf)
    const shown = until.slice(0, limit)
    const last = until.length > limit ? shown.at(-1) : undefined
    const state = asOf === undefined ? undefined : yield* senders.stateAt({ account, id, at: asOf })
    return page(
      {
        ...(state === undefined ? {} : { state: stateBody(state.id, state.state) }),
        events: shown.map((each) => eventBody(id, each)),
        next: last === undefined ? null : String(last.version)
      },
      `${urlOf(id)}/events`,
      kept
    )
  })

  const effective = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account } = yield* authorize(exchange)
    const found = yield* senders.effective({ account, ...(yield* readOwner(exchange)) })
    return Option.isSome(found) ? json(listedBody(found.value)) : yield* new SenderNotFound()
  })

  const plan = Effect.fnUntraced(function* (exchange: Exchange) {
    const { members } = yield* readBody(exchange.request, [jsonObject])
    const { account } = yield* authorize(exchange)
    yield* readKnown(exchange)
    return json(planBody(yield* senders.sendPlan({ account, ...(yield* readPlanRequest(members)) })))
  })

  return routesOf(SendersGroup, {
    list: checked(list),
    show: checked(show),
    dns: checked(dns),
    probe: checked(probe),
    events: checked(events),
    effective: checked(effective),
    plan: checked(plan)
  })
})

/** With the URL of the next page in `Link` (RFC 8288). */
const page = (
  body: SenderPage | Timeline,
  url: string,
  kept: ListParameters["kept"]
): HttpServerResponse.HttpServerResponse => {
  const answer = json(body)
  if (body.next === null) return answer
  const query = new URLSearchParams([...kept, ["cursor", body.next]])
  return HttpServerResponse.setHeader(answer, "link", `<${url}?${query}>; rel="next"`)
}
