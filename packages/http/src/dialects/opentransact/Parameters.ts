/**
 * Reads the query of a request: pages, filters in every spelling, sparse fields. A parameter that is not known is
 * refused (JSON:API 1.1, "Query Parameters"), `include` and `sort` among them, and so is one that is given twice.
 */
import { OrganizationId } from "@countersign/core"
import type { SenderFilter } from "@countersign/engine"
import { Effect, Result } from "effect"
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

interface Parameter {
  /** As it was sent. */
  readonly name: string
  readonly value: string
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

/** More conditions than anybody needs: each of them costs a look-up per sender. */
const mostMetadata = 16

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
  const { sent, given } = yield* readNames(exchange, meaningOf)
  const problems: Array<ErrorObject> = []
  const size = readCount(given.get("page[size]"), defaultSize, problems)
  const number = readCount(given.get("page[number]"), 1, problems)
  const created = readRange(given, "created", problems)
  const updated = readRange(given, "updated", problems)
  const metadata = [...given].flatMap(([meaning, { value }]) =>
    meaning.startsWith("metadata ") ? [[meaning.slice("metadata ".length), value] as const] : []
  )
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
          ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) })
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

/** Parsed as `application/x-www-form-urlencoded`: brackets may be encoded or not. */
const readNames = Effect.fnUntraced(function* ({ request }: Exchange, meaning: typeof meaningOf) {
  const { url } = request
  const start = url.indexOf("?")
  const sent = start === -1 ? [] : [...new URLSearchParams(url.slice(start + 1))]
  const given = new Map<string, Parameter>()
  const problems: Array<ErrorObject> = []
  let metadata = 0
  for (const [name, value] of sent) {
    const known = meaning(name)
    if (known === undefined) problems.push(invalidParameter(name, "This parameter is not supported here."))
    else if (given.has(known)) problems.push(invalidParameter(name, "This parameter is given more than once."))
    else if (known.startsWith("metadata ") && ++metadata > mostMetadata) {
      problems.push(invalidParameter(name, `At most ${mostMetadata} keys of metadata can be filtered by at once.`))
    } else given.set(known, { name, value })
  }
  yield* failWith(problems)
  return { sent, given }
})

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
    const second = readSecond(parameter.value)
    if (Result.isSuccess(second)) return second.success
    problems.push(invalid(second.failure, { parameter: parameter.name }))
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

// A plus sign that was not encoded arrives as a space.
const timestamp = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+ -]\d\d:\d\d)$/

/** The second that a time lies in, in milliseconds since the epoch. */
const readSecond = (text: string): Result.Result<number, string> => {
  const [whole, day] = timestamp.exec(text) ?? []
  const at = whole === undefined ? Number.NaN : Date.parse(whole.replace(" ", "+"))
  // The 30th of February is read as a day in March.
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true
  return isDay && !Number.isNaN(at)
    ? Result.succeed(Math.floor(at / 1_000) * 1_000)
    : Result.fail("Give a time in ISO 8601, such as 2024-05-01T00:00:00Z.")
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
