/**
 * Events to and from their stored form: a type, a schema version and a JSON text.
 *
 * Writing uses the newest version of each type. Reading accepts every version ever written: an older one is lifted,
 * step by step, by a pure upcaster. An event that cannot be read is an error, never skipped.
 */
import { Result, Schema } from "effect"
import { SenderEvent, type SenderEventType } from "./SenderEvent.ts"

/** An event as it is stored. */
export interface EncodedEvent {
  readonly type: string
  readonly schemaVersion: number
  /** JSON text of what the event carries besides its name. */
  readonly data: string
}

/** The stored event is of no known type or version, or its data is not of its shape. */
export class EventUndecodable extends Schema.TaggedError<EventUndecodable>()("EventUndecodable", {
  type: Schema.String,
  schemaVersion: Schema.Number,
  problem: Schema.String
}) {
  override get message(): string {
    return `cannot read a stored event ${this.type} of schema version ${this.schemaVersion}: ${this.problem}`
  }
}

/** The newest schema version of every type: what is written. */
export const schemaVersions: { readonly [T in SenderEventType]: number } = {
  SenderAdded: 1,
  VerificationRequested: 1,
  VerificationMailSent: 1,
  VerificationMailFailed: 1,
  EmailVerified: 1,
  VerificationDeclined: 1,
  VerificationExpired: 1,
  DomainVerified: 1,
  DomainProblemFound: 1,
  DomainVerificationTimedOut: 1,
  DomainDegraded: 1,
  DomainRecovered: 1,
  DomainVerificationLost: 1,
  SenderRemoved: 1
}

/** Lifts the data of one version to the next; the key is `Type@version` of what it reads. */
export type Upcaster = (data: { readonly [key: string]: unknown }) => { readonly [key: string]: unknown }
const upcasters: { readonly [from: string]: Upcaster } = {}

const decode = Schema.decodeUnknownResult(SenderEvent)

interface Members {
  readonly [key: string]: unknown
}

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The members of a JSON object; `undefined` for any other text. By hand: a schema for this alone takes longer than the one that follows. */
const parseObject = (text: string): Members | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The stored form, in the newest schema version of its type. */
export const encodeEvent = (event: SenderEvent): EncodedEvent => {
  const { _tag: type, ...data } = event
  return { type, schemaVersion: schemaVersions[type], data: JSON.stringify(data) }
}

/** The event of a stored form of any version ever written. */
export const decodeEvent = ({
  type,
  schemaVersion,
  data
}: EncodedEvent): Result.Result<SenderEvent, EventUndecodable> => {
  const failed = (problem: string) => Result.fail(new EventUndecodable({ type, schemaVersion, problem }))
  const newest = Object.hasOwn(schemaVersions, type) ? schemaVersions[type as SenderEventType] : undefined
  if (newest === undefined) return failed("the type is unknown")
  if (schemaVersion > newest) return failed(`this program knows versions up to ${newest}`)
  let lifted = parseObject(data)
  if (lifted === undefined) return failed("the data is no JSON object")
  for (let version = schemaVersion; version < newest; version++) {
    const upcast = upcasters[`${type}@${version}`]
    if (upcast === undefined) return failed(`nothing lifts version ${version}`)
    lifted = upcast(lifted)
  }
  const decoded = decode({ ...lifted, _tag: type })
  return Result.isFailure(decoded) ? failed(decoded.failure.message) : Result.succeed(decoded.success)
}
