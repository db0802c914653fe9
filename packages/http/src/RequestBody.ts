/**
 * Reads the body of a request: a JSON object or a form (`application/x-www-form-urlencoded`), at most 64 KiB of it.
 *
 * An empty body is an empty object whatever its media type says: clients send `Content-Type: application/json` with
 * nothing.
 */
import { ByteSize, Data, Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import { BodyTooLarge, MediaTypeUnknown, RequestMalformed } from "./Failure.ts"

const bodyLimit = 65_536

export const form = "application/x-www-form-urlencoded"
export const jsonObject = "application/json"

/** A body as it came, and its members: those of a JSON object, or of a form. */
export interface RequestBody {
  readonly bytes: Uint8Array
  readonly members: { readonly [name: string]: unknown }
}

/**
 * Fails on anything but the accepted media types, on broken JSON, on JSON that is no object, and on text that is not
 * UTF-8.
 */
export const readBody = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  accepted: ReadonlyArray<string>
) {
  const bytes = yield* readBytes(request)
  if (bytes.length === 0) {
    if (Number(request.headers["content-length"] ?? 0) > 0) return yield* Effect.die(new BodyAlreadyRead())
    return { bytes, members: {} } satisfies RequestBody
  }
  const type = mediaType(request)
  if (type === undefined || !accepted.includes(type)) return yield* new MediaTypeUnknown({ accepted })
  const members = yield* type === form ? parseForm(bytes) : parseJson(bytes)
  return { bytes, members } satisfies RequestBody
})

/** A fault of whoever mounted the application; without this, callers would be told that they sent nothing. */
class BodyAlreadyRead extends Data.TaggedError("BodyAlreadyRead") {
  override readonly message =
    "The body was read before the request came here: mount Countersign before parsers of bodies."
}

const readBytes = (request: HttpServerRequest.HttpServerRequest) =>
  // A length that is announced need not be waited for.
  Effect.suspend(() =>
    Number(request.headers["content-length"] ?? 0) > bodyLimit
      ? Effect.fail(new BodyTooLarge({ limit: bodyLimit }))
      : readWithin(request)
  )

const readWithin = (request: HttpServerRequest.HttpServerRequest) =>
  request.arrayBuffer.pipe(
    Effect.provideService(HttpServerRequest.MaxBodySize, ByteSize.bytes(bodyLimit)),
    Effect.map((buffer) => new Uint8Array(buffer)),
    Effect.mapError(({ reason }) =>
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
        ? new BodyTooLarge({ limit: bodyLimit })
        : new RequestMalformed({ problem: "The body ended before it was complete." })
    )
  )

/** The media type without its parameters; none when the body is compressed or in another charset than UTF-8. */
const mediaType = ({ headers }: HttpServerRequest.HttpServerRequest): string | undefined => {
  const coding = headers["content-encoding"]?.trim().toLowerCase()
  if (coding !== undefined && coding !== "" && coding !== "identity") return undefined
  const [type = "", ...parameters] = (headers["content-type"] ?? "").toLowerCase().split(";")
  for (const parameter of parameters) {
    const [name = "", value = ""] = parameter.split("=")
    if (name.trim() === "charset" && !/^"?(?:utf-?8|us-ascii)"?$/.test(value.trim())) return undefined
  }
  return type.trim()
}

const decoder = new TextDecoder("utf-8", { fatal: true })

const decode = (bytes: Uint8Array) =>
  Effect.try({
    try: () => decoder.decode(bytes),
    catch: () => new RequestMalformed({ problem: "The body is not valid UTF-8." })
  })

const parseJson = (bytes: Uint8Array): Effect.Effect<RequestBody["members"], RequestMalformed> =>
  Effect.flatMap(decode(bytes), (text) => {
    if (text.trim() === "") return Effect.succeed({})
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      // The parser's own words quote the body; the author has it at hand.
      return Effect.fail(new RequestMalformed({ problem: "The body is not valid JSON." }))
    }
    return isMembers(value)
      ? Effect.succeed(value)
      : Effect.fail(new RequestMalformed({ problem: "The body must be a JSON object." }))
  })

const isMembers = (value: unknown): value is RequestBody["members"] =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parseForm = (bytes: Uint8Array): Effect.Effect<RequestBody["members"], RequestMalformed> =>
  Effect.map(decode(bytes), (text) => {
    const members = new Map<string, unknown>()
    // A member that is given twice is no string: it is refused where a string is wanted.
    for (const [name, value] of new URLSearchParams(text)) {
      const before = members.get(name)
      members.set(name, before === undefined ? value : [before, value])
    }
    return Object.fromEntries(members)
  })
