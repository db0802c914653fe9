/**
 * Reads the document of a request that creates an email address (JSON:API 1.1, "Creating Resources"), and finds
 * everything that is wrong with it.
 *
 * Members that JSON:API does not define, and those that this resource does not have, are not looked at.
 */
import { parseEmailAddress } from "@countersign/core"
import { JsonPointer, Result, type Schema } from "effect"
import {
  clientId,
  type ErrorObject,
  foreignType,
  inexact,
  invalid,
  missing,
  notWhitelisted,
  unstorable,
  wrongType
} from "./ErrorObject.ts"

interface Members {
  readonly [name: string]: unknown
}

type Metadata = { readonly [key: string]: Schema.Json }

/** The two kinds of owners: an application is an account, a profile is an organization. */
export interface OwnerIdentifier {
  readonly type: "applications" | "profiles"
  readonly id: string
}

interface NewEmailAddress {
  readonly email: string
  readonly metadata: Metadata
  readonly owner: OwnerIdentifier
}

/** What a document says: some may be missing, then `problems` has the reasons. */
export interface Reading extends Partial<NewEmailAddress> {
  /** A problem that is answered alone: 409, or else 403. */
  readonly refusal?: ErrorObject
  /** All of status 422. */
  readonly problems: ReadonlyArray<ErrorObject>
}

/** The pointer to the owner's linkage, for whoever looks the owner up. */
export const ownerPointer = "/data/relationships/owner"

/** The pointer to the metadata, for whoever cannot store them. */
export const metadataPointer = "/data/attributes/metadata"

/** `allowTestNames` as in the settings of the engine. */
export const readDocument = (members: Members, options: { readonly allowTestNames: boolean }): Reading => {
  const problems: Array<ErrorObject> = []
  const data = readObject(members, "data", "", problems)
  if (data === undefined) return { problems }

  const type = readString(data, "type", "/data", problems)
  if (type !== undefined && type !== "email-addresses") return { refusal: foreignType, problems: [] }
  // A null names nothing: some clients send it for "not yet".
  if (data.id !== undefined && data.id !== null) return { refusal: clientId, problems: [] }

  const attributes = readParent(data, "attributes", "email", problems)
  const email = attributes && readEmail(attributes, options, problems)
  const metadata = attributes && readMetadata(attributes, problems)
  const relationships = readParent(data, "relationships", "owner", problems)
  const owner = relationships && readOwner(relationships, problems)
  return {
    problems,
    ...(email === undefined ? {} : { email }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(owner === undefined ? {} : { owner })
  }
}

/** `attributes` or `relationships`: when there is none, the member that it must hold is what is missing. */
const readParent = (data: Members, name: string, wanted: string, problems: Array<ErrorObject>): Members | undefined => {
  if (data[name] !== undefined) return readObject(data, name, "/data", problems)
  problems.push(missing(wanted, "/data"))
  return undefined
}

const readEmail = (
  attributes: Members,
  options: { readonly allowTestNames: boolean },
  problems: Array<ErrorObject>
): string | undefined => {
  const email = readString(attributes, "email", "/data/attributes", problems)
  if (email === undefined) return undefined
  const parsed = parseEmailAddress(email, options)
  if (Result.isSuccess(parsed)) return email
  problems.push(invalid(parsed.failure.message, { pointer: "/data/attributes/email" }))
  return undefined
}

const readMetadata = (attributes: Members, problems: Array<ErrorObject>): Metadata | undefined => {
  const { metadata } = attributes
  const source = { pointer: metadataPointer }
  if (metadata === undefined) return {}
  if (typeof metadata !== "string" && !isObject(metadata)) {
    problems.push(wrongType("metadata", metadata, source.pointer))
    return undefined
  }
  const value = typeof metadata === "string" ? parseJson(metadata) : metadata
  if (isObject(value) && isStorable(value, deepest)) {
    const at = unstorableText(value, source.pointer)
    const inexactAt = inexactNumber(value, source.pointer)
    if (at === undefined && inexactAt === undefined) return value
    // Into a text no pointer leads.
    const isText = typeof metadata === "string"
    if (at !== undefined) problems.push(unstorable(isText ? source.pointer : at))
    if (inexactAt !== undefined) problems.push(inexact(isText ? source.pointer : inexactAt))
    return undefined
  }
  problems.push(
    invalid(`metadata must be an object, or the JSON text of one, nested at most ${deepest} levels deep.`, source)
  )
  return undefined
}

const readOwner = (relationships: Members, problems: Array<ErrorObject>): OwnerIdentifier | undefined => {
  const owner = readObject(relationships, "owner", "/data/relationships", problems)
  const data = owner && readObject(owner, "data", ownerPointer, problems)
  if (data === undefined) return undefined
  const type = readString(data, "type", `${ownerPointer}/data`, problems)
  const id = readString(data, "id", `${ownerPointer}/data`, problems)
  if (type === undefined || id === undefined) return undefined
  if (type === "applications" || type === "profiles") return { type, id }
  problems.push(notWhitelisted("type", { pointer: `${ownerPointer}/data/type` }))
  return undefined
}

const readObject = (parent: Members, name: string, at: string, problems: Array<ErrorObject>): Members | undefined => {
  const value = parent[name]
  if (isObject(value)) return value
  problems.push(value === undefined ? missing(name, at) : wrongType(name, value, `${at}/${name}`))
  return undefined
}

const readString = (parent: Members, name: string, at: string, problems: Array<ErrorObject>): string | undefined => {
  const value = parent[name]
  if (typeof value === "string") return value
  problems.push(value === undefined ? missing(name, at) : wrongType(name, value, `${at}/${name}`))
  return undefined
}

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Far deeper values overflow the stack of whoever writes them as JSON. */
const deepest = 32

/** Where the first text is that no store keeps; a member with such a name is found at its parent. */
const unstorableText = (value: Schema.Json, at: string): string | undefined => {
  if (typeof value === "string") return isStorableText(value) ? undefined : at
  return firstOfMembers(value, at, (member, place, name) => (isStorableText(name) ? unstorableText(member, place) : at))
}

/**
 * Where the first whole number is that JavaScript reads as another one (RFC 8259, section 6): stored so, a long id
 * would come back changed, and no filter would find it.
 */
const inexactNumber = (value: Schema.Json, at: string): string | undefined => {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value) ? at : undefined
  return firstOfMembers(value, at, inexactNumber)
}

/** What is found first in the members of an object or array, each at its pointer (RFC 6901). */
const firstOfMembers = (
  value: Schema.Json,
  at: string,
  find: (member: Schema.Json, at: string, name: string) => string | undefined
): string | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  for (const [name, member] of Object.entries(value)) {
    const found = find(member, `${at}/${JsonPointer.escapeToken(name)}`, name)
    if (found !== undefined) return found
  }
  return undefined
}

const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes("\0")

/** Parsed JSON is all JSON, but for numbers that are too large for it, which it reads as infinite. */
const isStorable = (value: unknown, levels: number): value is Metadata => {
  if (typeof value === "number") return Number.isFinite(value)
  if (typeof value !== "object" || value === null) return true
  return levels > 0 && Object.values(value).every((member) => isStorable(member, levels - 1))
}
