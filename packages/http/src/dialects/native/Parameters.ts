/**
 * Reads the query of a native request. What is wrong with it is answered with the name of the parameter: an unknown or
 * doubled one with 400, a value that cannot be used with 422.
 */
import { LiveStatus, OrganizationId, parseDomain, parseEmailAddress } from "@countersign/core"
import type { SenderFilter } from "@countersign/engine"
import { Data, Effect, Result, Schema } from "effect"
import { metadataIn, type Parameter, type QueryParameters, readParameters, readTime } from "../../QueryParameters.ts"
import type { Exchange } from "../../Route.ts"
import type { Cursors } from "./Cursor.ts"

const defaultLimit = 20
const largestLimit = 100

/** A parameter that is refused. */
export class ParameterRefused extends Data.TaggedError("ParameterRefused")<{
  readonly status: 400 | 422
  readonly parameter: string
  readonly problem: string
}> {}

const refuse = ({ name }: Parameter, problem: string) =>
  Effect.fail(new ParameterRefused({ status: 422, parameter: name, problem }))

const metadataName = /^metadata\[([^[\]]+)\]$/
const meaningIn =
  (known: ReadonlyArray<string>) =>
  (name: string): string | undefined => {
    if (known.includes(name)) return name
    const [, key] = known.includes("metadata[key]") ? (metadataName.exec(name) ?? []) : []
    return key === undefined ? undefined : `metadata ${key}`
  }

/** The query of an endpoint that knows these parameters and no other. */
export const readKnown = (
  exchange: Exchange,
  known: ReadonlyArray<string> = []
): Effect.Effect<QueryParameters, ParameterRefused> => {
  const read = readParameters(exchange, meaningIn(known))
  const [first] = read.problems
  return first === undefined
    ? Effect.succeed(read)
    : Effect.fail(new ParameterRefused({ status: 400, parameter: first.name, problem: first.problem }))
}

export interface ListParameters {
  readonly filter: SenderFilter
  readonly limit: number
  /** What the link to the next page keeps: everything but the cursor. */
  readonly kept: Array<[name: string, value: string]>
}

const listNames = ["organization", "status", "domain", "address", "metadata[key]", "cursor", "limit"]

/** The query of the list of senders. */
export const readList = Effect.fnUntraced(function* (
  exchange: Exchange,
  account: string,
  cursors: Cursors,
  names: { readonly allowTestNames: boolean }
) {
  const parameters = yield* readKnown(exchange, listNames)
  const { given, sent } = parameters
  const limit = yield* readLimit(given.get("limit"))
  const after = yield* readWith(given.get("cursor"), (cursor) =>
    Result.fromNullishOr(cursors.read(account, cursor), () => "Give the cursor of a page of this list.")
  )
  const organization = yield* readWith(given.get("organization"), readOrganization)
  const statuses = yield* readWith(given.get("status"), readStatuses)
  const domain = yield* readWith(given.get("domain"), (text) =>
    Result.mapError(parseDomain(text, names), ({ message }) => message)
  )
  const address = yield* readWith(given.get("address"), (text) =>
    Result.mapError(parseEmailAddress(text, names), ({ message }) => message)
  )
  const filter: SenderFilter = {
    account,
    ...(organization === undefined ? {} : { owner: { _tag: "Organization", organization } }),
    ...(statuses === undefined ? {} : { statuses }),
    ...(domain === undefined ? {} : { domain }),
    ...(address === undefined ? {} : { canonical: address.canonical }),
    ...metadataIn(parameters),
    ...(after === undefined ? {} : { after })
  }
  return { filter, limit, kept: sent.filter(([name]) => name !== "cursor") } satisfies ListParameters
})

const readOrganization = (id: string): Result.Result<OrganizationId, string> =>
  id === "" ? Result.fail("Give the id of an organization.") : Result.succeed(OrganizationId.make(id))

/** The query of an endpoint that is about an organization, or about the account. */
export const readOwner = Effect.fnUntraced(function* (exchange: Exchange) {
  const { given } = yield* readKnown(exchange, ["organization"])
  const organization = yield* readWith(given.get("organization"), readOrganization)
  return organization === undefined ? {} : { organization }
})

interface TimelineParameters {
  /** The version of the event that the page comes after. */
  readonly after: number
  readonly limit: number
  /** Milliseconds since the epoch. */
  readonly asOf: number | undefined
  readonly kept: ListParameters["kept"]
}

/** The query of a timeline. */
export const readTimeline = Effect.fnUntraced(function* (exchange: Exchange) {
  const { given, sent } = yield* readKnown(exchange, ["cursor", "limit", "as-of"])
  const limit = yield* readLimit(given.get("limit"))
  const after = yield* readWith(given.get("cursor"), (text) =>
    /^\d{1,15}$/.test(text) ? Result.succeed(Number(text)) : Result.fail("Give the cursor of a page of this timeline.")
  )
  const asOf = yield* readWith(given.get("as-of"), readTime)
  return {
    after: after ?? 0,
    limit,
    asOf,
    kept: sent.filter(([name]) => name !== "cursor")
  } satisfies TimelineParameters
})

const readWith = <A>(
  parameter: Parameter | undefined,
  read: (value: string) => Result.Result<A, string>
): Effect.Effect<A | undefined, ParameterRefused> => {
  if (parameter === undefined) return Effect.succeed(undefined)
  const value = read(parameter.value)
  return Result.isSuccess(value) ? Effect.succeed(value.success) : refuse(parameter, value.failure)
}

const readLimit = (parameter: Parameter | undefined): Effect.Effect<number, ParameterRefused> =>
  Effect.map(
    readWith(parameter, (text) => {
      const limit = /^[0-9]+$/.test(text) ? Number(text) : 0
      return limit >= 1 && limit <= largestLimit
        ? Result.succeed(limit)
        : Result.fail(`Give a whole number from 1 to ${largestLimit}.`)
    }),
    (limit) => limit ?? defaultLimit
  )

const isStatus = Schema.is(LiveStatus)

/** One, or several that are separated by commas. */
const readStatuses = (text: string): Result.Result<ReadonlyArray<LiveStatus>, string> => {
  const statuses = text.split(",")
  return statuses.every(isStatus)
    ? Result.succeed(statuses)
    : Result.fail(`Give one or several of ${LiveStatus.literals.join(", ")}, separated by commas.`)
}
