/**
 * Values for the parameters and bodies of a request: by their schema in the OpenAPI document, and where a schema cannot
 * know better, by their name from what there is in the running service.
 */
import type { Chance } from "./Chance.ts"
import { type JsonSchema, resolved } from "./Operations.ts"
import type { KnownSender, Tenant } from "./World.ts"

/** What requests can name at the moment. */
export interface Known {
  readonly tenant: Tenant
  /** The other account, of which nothing may be seen. */
  readonly other: Tenant
  readonly senders: ReadonlyArray<KnownSender>
  /** Tokens of links, also of those that are dead by now. */
  readonly links: ReadonlyArray<string>
}

const domains = ["acme.com", "acme.org", "mail.acme.co.uk", "bücher.de", "Example.com"] as const
const oddAddresses = [
  "string",
  "a@b",
  "a@localhost",
  "ä@acme.com",
  "a@acme.com\r\nBcc: b@acme.com",
  "a@x.co.uk.",
  ""
] as const

const newAddress = (chance: Chance): string => `user${chance.below(24)}+tag@${chance.pick(domains)}`

const addressOf = (chance: Chance, { senders }: Known): string => {
  if (chance.percent(6)) return chance.pick(oddAddresses)
  return chance.percent(40) ? (chance.pickAny(senders)?.address ?? newAddress(chance)) : newAddress(chance)
}

const times = [
  "1970-01-01T00:00:00Z",
  "1970-01-02T00:00:00+02:00",
  "1971-06-01T00:00:00.5Z",
  "2099-12-31T23:59:59Z"
] as const

/** The nonce of every form, and of every cookie that goes with it. */
export const nonce = "abcdefghijklmnopqrstuvwx"

/** A text for a parameter or a member of this name. */
export const textOf = (chance: Chance, known: Known, name: string, given: JsonSchema, path = ""): string => {
  const schema = resolved(given)
  const { tenant, other } = known
  switch (name) {
    case "id":
      if (!/email-addresses|senders/.test(path)) return chance.pick(tenant.organizations)
      return chance.pickAny(known.senders)?.id ?? "nobody"
    case "token":
      return (chance.percent(50) ? chance.pickAny(known.senders)?.link : chance.pickAny(known.links)) ?? "no-token"
    case "email":
    case "address":
      return addressOf(chance, known)
    case "organization":
      return chance.pick([...tenant.organizations, ...other.organizations])
    case "cursor":
      if (path.includes("events")) return String(chance.below(9))
      return chance.pick([tenant.cursor, tenant.cursor, other.cursor])
    case "if-none-match":
      return chance.pick(["*", 'W/"a", "b"', '"', "a"])
    case "idempotency-key":
      return `key ${chance.below(1_000_000)}`
    case "filter[owner-id]":
    case "filter[application-id]":
      return chance.pick([tenant.account, ...tenant.organizations, other.account])
    case "nonce":
      return nonce
    case "metadata":
      return chance.pick(["{}", '{"order":"1"}', '{"order":1,"list":[1,{"a":null}]}'])
    default:
      if (/\[(start|finish)\]$|^as-of$/.test(name)) return chance.pick(times)
  }
  const choices = [schema.enum, schema.examples].find(Array.isArray)
  return String(chance.pickAny(choices ?? []) ?? "text")
}

/** A JSON value that the schema allows; members that it does not demand are there or not. */
export const jsonOf = (chance: Chance, known: Known, name: string, given: JsonSchema): unknown => {
  const schema = resolved(given)
  if (Array.isArray(schema.anyOf)) return jsonOf(chance, known, name, chance.pickAny(schema.anyOf) ?? {})
  if (schema.type !== "object") return textOf(chance, known, name, schema)
  const properties = isMembers(schema.properties) ? schema.properties : undefined
  if (properties === undefined)
    return { order: chance.pick<unknown>(["1", 1, null]), ["k".repeat(1 + chance.below(20))]: [{}] }
  const required = Array.isArray(schema.required) ? schema.required : []
  const value = Object.fromEntries(
    Object.entries(properties)
      .filter(([member]) => required.includes(member) || chance.percent(50))
      .map(([member, of]) => [member, jsonOf(chance, known, member, isMembers(of) ? of : {})])
  )
  return fitting(chance, known, value)
}

/** Members that depend on one another: the id of an owner on its type, an address on the kind of sender. */
const fitting = (chance: Chance, { tenant }: Known, value: Record<string, unknown>): Record<string, unknown> => {
  if (value.type === "applications") return { ...value, id: tenant.account }
  if (value.type === "profiles") return { ...value, id: chance.pick(tenant.organizations) }
  if (value.type === "domain") return { ...value, address: chance.pick(domains) }
  return value
}

export const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
