/**
 * Events to and from their stored form: a type, a schema version and a JSON text.
 *
 * Writing uses the newest version of each type. Reading accepts every version ever written: an older one is lifted,
 * step by step, by a pure upcaster. An event that cannot be read is an error, never skipped.
 */
import { Result, Schema } from "effect"

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

/** Lifts the data of one version to the next; the key is `Type@version` of what it reads. */
export type Upcaster = (data: { readonly [key: string]: unknown }) => { readonly [key: string]: unknown }

/** How the events of one kind of stream are stored. */
export interface EventCodec<Event> {
  /** The newest schema version of every type: what is written. */
  readonly versions: { readonly [type: string]: number }
  /** The stored form, in the newest schema version of its type. */
  readonly encode: (event: Event) => EncodedEvent
  /** The event of a stored form of any version ever written. */
  readonly decode: (stored: EncodedEvent) => Result.Result<Event, EventUndecodable>
}

/** A codec of the events that `schema` tells apart by `_tag`. */
export const makeEventCodec = <Event extends { readonly _tag: string }, Encoded>(
  schema: Schema.Codec<Event, Encoded>,
  versions: { readonly [T in Event["_tag"]]: number },
  upcasters: { readonly [from: string]: Upcaster } = {}
): EventCodec<Event> => {
  const newestOf = new Map<string, number>(Object.entries(versions))
  const decodeData = Schema.decodeUnknownResult(schema)
  return {
    versions,
    encode: (event) => {
      const { _tag: type, ...data } = event
      return { type, schemaVersion: newestOf.get(type) ?? 1, data: JSON.stringify(data) }
    },
    decode: ({ type, schemaVersion, data }) => {
      const failed = (problem: string) => Result.fail(new EventUndecodable({ type, schemaVersion, problem }))
      const newest = newestOf.get(type)
      if (newest === undefined) return failed("the type is unknown")
      if (schemaVersion > newest) return failed(`this program knows versions up to ${newest}`)
      let lifted = parseObject(data)
      if (lifted === undefined) return failed("the data is no JSON object")
      for (let version = schemaVersion; version < newest; version++) {
        const upcast = upcasters[`${type}@${version}`]
        if (upcast === undefined) return failed(`nothing lifts version ${version}`)
        lifted = upcast(lifted)
      }
      const decoded = decodeData({ ...lifted, _tag: type })
      return Result.isFailure(decoded) ? failed(decoded.failure.message) : Result.succeed(decoded.success)
    }
  }
}

interface Members {
  readonly [key: string]: unknown
}

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The members of a JSON object; `undefined` for any other text. By hand: a schema for this alone takes longer than the
 * one that follows.
 */
const parseObject = (text: string): Members | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
