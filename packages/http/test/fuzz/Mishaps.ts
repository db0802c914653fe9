/**
 * What may be wrong or odd about a request that is valid otherwise: one thing each. Most fit every operation; those
 * that do not leave it as it is.
 */
import type { Chance } from "./Chance.ts"
import type { Draft } from "./Requests.ts"
import { isMembers, type Known } from "./Values.ts"

type Mishap = (chance: Chance, known: Known, draft: Draft) => void

const credentialHeaders = ["authorization", "x-access-token"] as const

const noCredential: Mishap = (chance, _, draft) => {
  const token = draft.query.findIndex(([name]) => name === "access_token")
  if (token !== -1) draft.query.splice(token, 1)
  for (const name of credentialHeaders) draft.headers.delete(name)
  if (chance.percent(60)) {
    const wrong = chance.pick([
      "nobody",
      "Bearer nobody",
      "Basic",
      "Basic ====",
      "Digest a",
      `Basic ${"YTph".repeat(50)}`
    ])
    draft.headers.set("authorization", wrong)
  }
}

const anotherMediaType: Mishap = (chance, _, draft) => {
  draft.headers.set(
    "content-type",
    chance.pick([
      "text/plain",
      "application/xml",
      "application/json; charset=latin1",
      "application/vnd.api+json; ext=a",
      "application/vnd.api+json; charset=utf-8",
      ""
    ])
  )
  draft.body ??= { value: {} }
}

const compressed: Mishap = (_, __, draft) => {
  draft.headers.set("content-encoding", "gzip")
  draft.body ??= { value: {} }
}

const anotherAccept: Mishap = (chance, _, draft) => {
  draft.headers.set(
    "accept",
    chance.pick([
      "application/vnd.api+json; ext=a",
      "application/vnd.api+json;a=b;q=0.5, */*",
      'application/vnd.api+json; charset=utf-8, application/vnd.api+json; ext="x, y"',
      "application/json",
      "text/xml",
      "*/*"
    ])
  )
}

/** Media types that a parser of bodies is chosen by, so that what is broken is read. */
const readable = (draft: Draft): string => draft.operation.bodies[0]?.mediaType ?? "application/json"

const brokenBody: Mishap = (chance, _, draft) => {
  draft.headers.set("content-type", draft.operation.bodies.at(-1)?.mediaType ?? "application/json")
  if (chance.percent(50)) draft.headers.set("content-type", readable(draft))
  draft.body = chance.percent(40)
    ? { bytes: new Uint8Array([0x7b, 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80]) }
    : { text: chance.pick(["{", '{"a":1,}', "[]", "null", '"a"', "5", " ", "\u0000", `${'{"a":'.repeat(9_000)}`]) }
}

const largeBody: Mishap = (chance, _, draft) => {
  draft.headers.set("content-type", readable(draft))
  draft.body = { text: `{"email":"${"x".repeat(chance.pick([65_536, 70_000, 200_000]))}` }
}

const badKey: Mishap = (chance, _, draft) => {
  draft.headers.set("idempotency-key", chance.pick(["", "x".repeat(256), "caf\u00e9"]))
}

/** One of few keys: some other request had it before, for another body or another address. */
const usedKey: Mishap = (chance, _, draft) => {
  draft.headers.set("idempotency-key", "used")
  if (draft.operation.bodies.length > 0 || draft.operation.method === "GET") return
  draft.headers.set("content-type", "application/json")
  draft.body = { text: chance.pick(["{}", "{ }", '{"a":1}']) }
}

const unknownParameter: Mishap = (chance, _, draft) => {
  const name = chance.pick([
    "include",
    "sort",
    "x[y]",
    "__proto__",
    "constructor[prototype]",
    "page[limit]",
    "filter[metadata][]"
  ])
  draft.query.push([name, "1"])
}

const badParameter: Mishap = (chance, _, draft) => {
  const parameters = draft.operation.parameters.filter(({ in: place }) => place === "query")
  const name = chance.pickAny(parameters)?.name
  if (name === undefined) return
  const bad = chance.pick([
    "",
    "-1",
    "0x10",
    "1e9",
    "99999999999999999999",
    "2024-02-30T00:00:00Z",
    "\u0000",
    "\ud800",
    "x".repeat(3_000)
  ])
  draft.query.push([name, bad])
}

const foreignId: Mishap = (chance, { other }, draft) => {
  const foreign = chance.pick([
    ...other.organizations,
    other.account,
    "nobody",
    "%00",
    "%ED%A0%80",
    "..%2f..%2fetc",
    "__proto__"
  ])
  draft.path = draft.operation.path.replace(/\{\w+\}/, foreign)
  const owner = find(draft, "owner")
  if (isMembers(owner?.data)) owner.data.id = chance.pick(other.organizations)
}

const values: readonly [unknown, ...ReadonlyArray<unknown>] = [
  null,
  true,
  0,
  -1.5,
  "",
  "string",
  [],
  {},
  [[["a"]]],
  "\u0000",
  "\ud800",
  "a\r\nb",
  { a: "\u0000" },
  JSON.parse('{"__proto__":{"polluted":true}}')
]

const anotherMember: Mishap = (chance, _, draft) => {
  const members = allMembers(draft)
  const [parent, name] = chance.pickAny(members) ?? []
  if (parent === undefined || name === undefined) return
  if (chance.percent(40)) delete parent[name]
  else parent[name] = chance.pick(values)
}

const clientId: Mishap = (_, __, draft) => {
  const data = find(draft, "data")
  if (data !== undefined) data.id = "5f0c3a52-7b1e-8d0a-9c7d-2f4e6a8b0c1d"
}

const anotherType: Mishap = (_, __, draft) => {
  const data = find(draft, "data") ?? find(draft, "")
  if (data !== undefined) data.type = "people"
}

const foreignForm: Mishap = (chance, _, draft) => {
  if (chance.percent(50)) draft.headers.set("origin", "https://evil.example")
  else draft.headers.delete("cookie")
}

const anotherAction: Mishap = (chance, _, draft) => {
  const body = find(draft, "")
  if (body !== undefined) body.action = chance.pick(["approve", "", "CONFIRM"])
}

/** Still the same request. */
const oddSpelling: Mishap = (chance, _, draft) => {
  const [head = "", ...rest] = draft.path.split(/(?<=^\/[^/]+\/[^/]+)(?=\/)/)
  const odd = chance.pick([
    head.toUpperCase(),
    head.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
  ])
  draft.path = `${draft.path.startsWith("/verify") || draft.path.startsWith("/sender/") ? head : odd}${rest.join("")}${chance.pick(["", "/"])}`
}

const anotherMethod: Mishap = (chance, _, draft) => {
  draft.method = chance.pick(["HEAD", "HEAD", "PUT", "PATCH", "OPTIONS", "PROPFIND", "DELETE", "POST", "GET"])
}

const bodyAnyway: Mishap = (_, __, draft) => {
  draft.headers.set("content-type", readable(draft))
  draft.body ??= { text: "{}" }
}

export const mishaps: readonly [Mishap, ...ReadonlyArray<Mishap>] = [
  noCredential,
  anotherMediaType,
  compressed,
  anotherAccept,
  brokenBody,
  largeBody,
  badKey,
  usedKey,
  unknownParameter,
  badParameter,
  foreignId,
  anotherMember,
  anotherMember,
  clientId,
  anotherType,
  foreignForm,
  anotherAction,
  oddSpelling,
  anotherMethod,
  bodyAnyway
]

/** The object at a member of this name, at any depth; the body itself by "". */
const find = ({ body }: Draft, name: string): Record<string, unknown> | undefined => {
  const value = body !== undefined && "value" in body ? body.value : undefined
  if (name === "") return isMembers(value) ? value : undefined
  const [parent] = membersOf(value).find(([, member]) => member === name) ?? []
  const found = parent?.[name]
  return isMembers(found) ? found : undefined
}

const allMembers = ({ body }: Draft) => (body !== undefined && "value" in body ? membersOf(body.value) : [])

const membersOf = (value: unknown): ReadonlyArray<readonly [parent: Record<string, unknown>, name: string]> =>
  isMembers(value) ? Object.keys(value).flatMap((name) => [[value, name] as const, ...membersOf(value[name])]) : []
