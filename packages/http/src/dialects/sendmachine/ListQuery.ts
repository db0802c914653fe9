/**
 * What a list is asked for: the query of `GET /sender/list` and `GET /sender`.
 *
 * A value that is not one of the documented ones is refused; parameters that are not documented are not looked at.
 */
import type { ListedSender, SenderFilter, SenderQuery } from "@countersign/engine"
import { Effect } from "effect"
import { RequestMalformed } from "../../Failure.ts"
import type { Exchange } from "../../Route.ts"
import type { Filters } from "./Sender.ts"

/** The most senders that one answer holds; also what it holds when nothing is said. */
const largestPage = 1_000

const allowed = {
  status: ["active", "pending", "active+pending", "all"],
  type: ["email", "domain", "all"],
  group: ["none", "domain", "flat"]
} as const

const pending: ReadonlyArray<ListedSender["status"]> = ["pending", "email-verified", "domain-verified"]

export interface ListQuery {
  readonly matching: Pick<SenderFilter, "kind" | "statuses">
  readonly page: Pick<SenderQuery, "order" | "limit" | "offset">
  readonly group: Filters["group"]
  /** As the answer repeats it. */
  readonly filters: Filters
}

export const readListQuery = Effect.fnUntraced(function* ({ query }: Pick<Exchange, "query">) {
  // A form decodes the plus of `active+pending` to a space; some clients escape it and some do not.
  const given = query.status === "active pending" ? "active+pending" : query.status
  const status = yield* oneOf("status", allowed.status, given, "all")
  const type = yield* oneOf("type", allowed.type, query.type, "all")
  const group = yield* oneOf("group", allowed.group, query.group, "none")
  const limit = yield* count("limit", query.limit, largestPage, { least: 1, most: largestPage })
  const offset = yield* count("offset", query.offset, 0, { least: 0, most: Number.MAX_SAFE_INTEGER })
  return {
    matching: {
      ...(type === "all" ? {} : { kind: type }),
      ...(status === "active" ? { statuses: ["active"] } : status === "pending" ? { statuses: pending } : {})
    },
    page: { order: group === "none" ? "oldest-first" : "by-domain", limit: limit.value, offset: offset.value },
    group,
    filters: { status, type, group, limit: limit.echo, offset: offset.echo }
  } satisfies ListQuery
})

type Given = Exchange["query"][string]

const oneOf = <const Word extends string>(
  name: string,
  values: ReadonlyArray<Word>,
  given: Given,
  otherwise: Word
): Effect.Effect<Word, RequestMalformed> => {
  if (given === undefined) return Effect.succeed(otherwise)
  const word = values.find((each) => each === given)
  return word === undefined
    ? Effect.fail(new RequestMalformed({ problem: `The parameter ${name} must be one of ${values.join(", ")}.` }))
    : Effect.succeed(word)
}

interface Count {
  readonly value: number
  /** A text when it was given, a number when not: so does the service whose dialect this is. */
  readonly echo: string | number
}

const count = (
  name: string,
  given: Given,
  otherwise: number,
  { least, most }: { readonly least: number; readonly most: number }
): Effect.Effect<Count, RequestMalformed> => {
  if (given === undefined) return Effect.succeed({ value: otherwise, echo: otherwise })
  const value = typeof given === "string" && /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN
  return typeof given === "string" && value >= least && value <= most
    ? Effect.succeed({ value, echo: given })
    : Effect.fail(
        new RequestMalformed({ problem: `The parameter ${name} must be a whole number from ${least} to ${most}.` })
      )
}
