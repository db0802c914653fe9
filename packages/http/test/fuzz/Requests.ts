/**
 * Requests from the API definition: a valid one for an operation, with parameters, credential and body as the OpenAPI
 * document has them, and then, about every other time, one thing about it that is changed.
 */
import type { Chance } from "./Chance.ts"
import { mishaps } from "./Mishaps.ts"
import type { Operation } from "./Operations.ts"
import { jsonOf, type Known, nonce, textOf } from "./Values.ts"
import type { Sending } from "./World.ts"

/** A request while it is made. */
export interface Draft {
  readonly operation: Operation
  method: string
  /** Segments are encoded. */
  path: string
  readonly query: Array<[name: string, value: string]>
  readonly headers: Map<string, string>
  /** A JSON value that is encoded as the content type says, or a text that is sent as it is. */
  body:
    | { readonly value: unknown }
    | { readonly text: string }
    | { readonly bytes: Uint8Array<ArrayBuffer> }
    | undefined
}

const base64 = (text: string): string => Buffer.from(text).toString("base64")

/** By the names of the security schemes of the OpenAPI document. */
const credentials: {
  readonly [scheme: string]: (chance: Chance, key: string) => readonly [name: string, value: string]
} = {
  authorization: (chance, key) => [
    "authorization",
    chance.pick([key, `Bearer ${key}`, `Basic ${base64(`${key}:`)}`, `basic ${base64(`user:${key}`)}`])
  ],
  accessTokenHeader: (_, key) => ["x-access-token", key],
  accessTokenQuery: (_, key) => ["access_token", key],
  accessKeyBasic: (chance, key) => ["authorization", `Basic ${chance.pick([key, base64(key), base64(`${key}:`)])}`],
  accessKeyBearer: (_, key) => ["authorization", `Bearer ${key}`],
  senderKeyBearer: (_, key) => ["authorization", `Bearer ${key}`],
  senderKey: (_, key) => ["authorization", key],
  apiKeyBasic: (chance, key) => ["authorization", `Basic ${base64(chance.pick([`user:${key}`, `${key}:`]))}`],
  apiKeyBearer: (_, key) => ["authorization", `Bearer ${key}`]
}

export const draftOf = (chance: Chance, known: Known, operation: Operation): Draft => {
  const draft: Draft = {
    operation,
    method: operation.method,
    path: operation.path,
    query: [],
    headers: new Map(),
    body: undefined
  }
  for (const { name, in: place, schema } of operation.parameters) {
    if (place !== "path" && !chance.percent(operation.parameters.length > 6 ? 8 : 35)) continue
    const text = textOf(chance, known, name, schema, operation.path)
    if (place === "path") draft.path = draft.path.replace(`{${name}}`, encodeURIComponent(text))
    if (place === "header") draft.headers.set(name, text)
    if (place === "query") draft.query.push([name.replace("[key]", "[order]"), text])
  }
  const scheme = chance.pickAny(operation.schemes)
  if (scheme !== undefined) {
    const [name, value] = credentials[scheme]?.(chance, known.tenant.key) ?? ["x-unknown-scheme", scheme]
    if (scheme === "accessTokenQuery") draft.query.push([name, value])
    else draft.headers.set(name, value)
  }
  const body = chance.pickAny(operation.bodies)
  if (body !== undefined) {
    draft.headers.set("content-type", body.mediaType)
    draft.body = { value: jsonOf(chance, known, "body", body.schema) }
  }
  if (operation.path.startsWith("/verify/")) {
    draft.headers.set("cookie", `a=b; countersign_nonce=${nonce}`)
    if (chance.percent(40)) draft.headers.set("accept", chance.pick(["application/json", "text/html,*/*;q=0.8"]))
  }
  return draft
}

/** A request for an operation: as it should be, or with one thing wrong or odd about it. */
export const requestFor = (chance: Chance, known: Known, operation: Operation): Sending => {
  const draft = draftOf(chance, known, operation)
  if (chance.percent(55)) chance.pick(mishaps)(chance, known, draft)
  return sendingOf(chance, draft)
}

/** Brackets are sent encoded or not. */
const querySpelling = (chance: Chance, query: Draft["query"]): string => {
  if (query.length === 0) return ""
  const text = new URLSearchParams(query).toString()
  return `?${chance.percent(30) ? text.replaceAll("%5B", "[").replaceAll("%5D", "]") : text}`
}

const form = "application/x-www-form-urlencoded"
const encoder = new TextEncoder()

export const sendingOf = (chance: Chance, { method, path, query, headers, body }: Draft): Sending => ({
  method,
  target: `${path}${querySpelling(chance, query)}`,
  headers: [...headers],
  body: body === undefined ? undefined : bytesOf(body, headers.get("content-type") ?? "")
})

const bytesOf = (body: NonNullable<Draft["body"]>, mediaType: string): Uint8Array<ArrayBuffer> => {
  if ("bytes" in body) return body.bytes
  if ("text" in body) return encoder.encode(body.text)
  const isForm = mediaType === form && typeof body.value === "object" && body.value !== null
  const text = isForm
    ? new URLSearchParams(
        Object.entries(body.value).map(([name, value]): [string, string] => [name, String(value)])
      ).toString()
    : JSON.stringify(body.value)
  return encoder.encode(text)
}
