/**
 * Reads the query of a request: pages, filters in every spelling, sparse fields. A parameter that is not known is
 * refused (JSON:API 1.1, "Query Parameters"), `include` and `sort` among them, and so is one that is given twice.
 */
import { OrganizationId } from "@countersign/core"
import type { SenderFilter } from "@countersign/engine"
import { Effect, Result } from "effect"
import { metadataIn, type Parameter, type QueryParameters, readParameters, readTime } from "../../QueryParameters.ts"
import type { Exchange } from "../../Route.ts"
import { type ErrorObject, invalid, invalidParameter, notWhitelisted, Refused } from "./ErrorObject.ts"

const defaultSize = 30
const largestSize = 100

/** Which fields of a resource are shown: all when absent. */
export type Fields = ReadonlySet<string> | undefined

export interface ListParameters {
  readonly number: number
  readonly size: number
  readonly fields: Fields
  /** `undefined` when no sender can match. */
  readonly filter: SenderFilter | undefined
  /** What the links of the pages keep: everything but the page, as it was sent and in its order. */
  readonly kept: Array<[name: string, value: string]>
}

const fieldsName = "fields[email-addresses]"
const simple = new Set([
  fieldsName,
  "page[number]",
  "page[size]",
  "filter[owner-type]",
  "filter[owner-id]",
  "filter[application-id]"
])
const time = /^(?:filter\[(created|updated)[-_]between\]|(created|updated)_between)\[(start|finish)\]$/
const metadataName = /^filter\[metadata\]\[([^[\]]+)\]$/

/** One name for all spellings of a parameter of the list; none for an unknown one. */
const meaningOf = (name: string): string | undefined => {
  if (simple.has(name)) return name
  const [, filter, top, bound] = time.exec(name) ?? []
  if (bound !== undefined) return `${filter ?? top} ${bound}`
  const [, key] = metadataName.exec(name) ?? []
  return key === undefined ? undefined : `metadata ${key}`
}

/** The query of the list. Fails with what is wrong with it: 400 for names, else 422 for values. */
export const readList = Effect.fnUntraced(function* (exchange: Exchange, account: string) {
  const parameters = yield* readNames(exchange, meaningOf)
  const { sent, given } = parameters
  const problems: Array<ErrorObject> = []
  const size = readCount(given.get("page[size]"), defaultSize, problems)
  const number = readCount(given.get("page[number]"), 1, problems)
  const created = readRange(given, "created", problems)
  const updated = readRange(given, "updated", problems)
  const owner = readOwner(given, account, problems)
  yield* failWith(problems)

  const application = given.get("filter[application-id]")?.value ?? account
  const filter: SenderFilter | undefined =
    owner === undefined || application !== account
      ? undefined
      : {
          account,
          ...owner,
          ...(created === undefined ? {} : { addedBetween: created }),
          ...(updated === undefined ? {} : { updatedBetween: updated }),
          ...metadataIn(parameters)
        }
  return {
    number,
    size: Math.min(size, largestSize),
    fields: readFields(given),
    filter,
    kept: sent.filter(([name]) => !name.startsWith("page["))
  } satisfies ListParameters
})

/** The query of every other endpoint: which fields are shown. */
export const readFieldsOnly = (exchange: Exchange): Effect.Effect<Fields, Refused> =>
  Effect.map(
    readNames(exchange, (name) => (name === fieldsName ? name : undefined)),
    ({ given }) => readFields(given)
  )

const readNames = (exchange: Exchange, meaning: typeof meaningOf): Effect.Effect<QueryParameters, Refused> => {
  const read = readParameters(exchange, meaning)
  const problems = read.problems.map(({ name, problem }) => invalidParameter(name, problem))
  return Effect.as(failWith(problems), read)
}

const failWith = ([first, ...rest]: ReadonlyArray<ErrorObject>): Effect.Effect<void, Refused> =>
  first === undefined ? Effect.void : Effect.fail(new Refused({ errors: [first, ...rest] }))

const readCount = (parameter: Parameter | undefined, otherwise: number, problems: Array<ErrorObject>): number => {
  if (parameter === undefined) return otherwise
  const count = /^[0-9]+$/.test(parameter.value) ? Number(parameter.value) : 0
  if (count >= 1 && Number.isSafeInteger(count)) return count
  problems.push(invalid("Give a whole number of at least 1.", { parameter: parameter.name }))
  return otherwise
}

/**
 * Bounds are inclusive and compare whole seconds, which is what is printed: the last millisecond of a second is in it.
 */
const readRange = (
  given: ReadonlyMap<string, Parameter>,
  what: "created" | "updated",
  problems: Array<ErrorObject>
): SenderFilter["addedBetween"] => {
  const bound = (name: "start" | "finish"): number | undefined => {
    const parameter = given.get(`${what} ${name}`)
    if (parameter === undefined) return undefined
    const time = readTime(parameter.value)
    if (Result.isSuccess(time)) return Math.floor(time.success / 1_000) * 1_000
    problems.push(invalid(time.failure, { parameter: parameter.name }))
    return undefined
  }
  const start = bound("start")
  const finish = bound("finish")
  if (start === undefined && finish === undefined) return undefined
  return {
    ...(start === undefined ? {} : { from: start }),
    ...(finish === undefined ? {} : { to: finish + 999 })
  }
}

/** `undefined` when no owner of the account is meant. */
const readOwner = (
  given: ReadonlyMap<string, Parameter>,
  account: string,
  problems: Array<ErrorObject>
): Pick<SenderFilter, "owner" | "ownerType"> | undefined => {
  const type = given.get("filter[owner-type]")
  const id = given.get("filter[owner-id]")?.value
  switch (type?.value) {
    case "applications":
      return id === undefined || id === account ? { owner: { _tag: "Account" } } : undefined
    case "profiles":
      return id === undefined ? { ownerType: "Organization" } : organization(id)
    case undefined:
      if (id === undefined) return {}
      return id === account ? { owner: { _tag: "Account" } } : organization(id)
    default:
      if (type !== undefined) problems.push(notWhitelisted("owner-type", { parameter: type.name }))
      return undefined
  }
}

const organization = (id: string): Pick<SenderFilter, "owner"> | undefined =>
  id === "" ? undefined : { owner: { _tag: "Organization", organization: OrganizationId.make(id) } }

const readFields = (given: ReadonlyMap<string, Parameter>): Fields => {
  const fields = given.get(fieldsName)
  return fields === undefined ? undefined : new Set(fields.value.split(","))
}
