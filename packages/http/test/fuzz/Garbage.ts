/**
 * Requests from nowhere: pieces of real ones and pieces of none, put together without sense. Sometimes with a real key,
 * to come further in.
 */
import type { Chance } from "./Chance.ts"
import { operations } from "./Operations.ts"
import type { Known } from "./Values.ts"
import type { Sending } from "./World.ts"

const words: readonly [string, ...ReadonlyArray<string>] = [
  "",
  ...operations.flatMap(({ path }) => path.split("/").slice(1))
]
/** Below these somebody owns every path. */
const owned = [
  "v1",
  "v1/email-addresses",
  "sender",
  "v1/senders",
  "v1/webhooks",
  "V1/Email-Addresses",
  "%73ender",
  "verify"
] as const
const oddSegments = [
  "%",
  "%zz",
  "%00",
  "%C0%80",
  "%ED%A0%80",
  "%2e%2e",
  "..",
  ".",
  "*",
  "a b",
  "\u0000",
  "\ud800",
  "\u0130",
  "ſender",
  "%E2%82%AC",
  "__proto__",
  "constructor",
  "%2525",
  "a@acme.com",
  ":id",
  "{id}",
  "x".repeat(5_000),
  "sender%2Flist",
  "openapi.json",
  "docs",
  "%73ender",
  "V1",
  "email%2daddresses"
] as const
const methods = [
  "GET",
  "GET",
  "POST",
  "POST",
  "DELETE",
  "PUT",
  "PATCH",
  "HEAD",
  "OPTIONS",
  "BREW",
  "get",
  "M-SEARCH",
  "__proto__"
] as const
const oddQueries = [
  "?",
  "??",
  "?=",
  "?&&&",
  "?%",
  "?%zz=%zz",
  "?a[b=1&a[b]]=2",
  "?__proto__[x]=1&constructor=2&toString=3",
  "?limit=%ED%A0%80&status[]=active",
  "?page[number]=1&page[number]=2",
  "?access_token=a&access_token=b",
  "#fragment",
  ";jsessionid=1?x",
  `?${"a=1&".repeat(1_500)}`,
  `?filter${"[a]".repeat(1_000)}=1`,
  "?\u0000=\ud800"
] as const
const headerNames = [
  "accept",
  "content-type",
  "content-encoding",
  "idempotency-key",
  "cookie",
  "origin",
  "x-correlation-id",
  "x-request-id",
  "transfer-encoding",
  "if-none-match",
  "range",
  "__proto__",
  "x-http-method-override"
] as const
const headerValues = [
  "",
  " ",
  "application/json",
  "application/vnd.api+json",
  'application/vnd.api+json; profile="a, b" ; ext=\'',
  "application/json; charset=utf-16",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=a",
  '"\\',
  ";;;===,,,",
  "*/*;q=NaN, text/html;q=-1",
  "\u00ff\u00fe",
  "countersign_nonce=%; countersign_nonce==; __proto__=1",
  "a".repeat(4_000),
  "null",
  "DELETE"
] as const
const oddBodies = [
  "",
  " ",
  "{",
  "null",
  "[]",
  '"\\ud800"',
  '{"email":"\\u0000@acme.com"}',
  '{"__proto__":{"email":"a@acme.com"},"constructor":{"prototype":1}}',
  '{"toString":1,"valueOf":null,"hasOwnProperty":"x"}',
  '{"data":{"type":"email-addresses","attributes":null,"relationships":[]}}',
  '{"email":1e999}',
  "email=%ZZ&email=%ff&type[]=email",
  "&&&===",
  "\ufeff{}",
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  `${'{"data":'.repeat(7_000)}1${"}".repeat(7_000)}`,
  `{"email":"${"é".repeat(30_000)}"}`,
  `{"email":"${"x".repeat(300_000)}"}`
] as const

const times = (chance: Chance, most: number): ReadonlyArray<undefined> => Array.from({ length: chance.below(most + 1) })

const pathOf = (chance: Chance): string => {
  if (chance.percent(35)) return chance.pick(["/docs", "/openapi.json", ...operations.map(({ path }) => path)])
  const beginning = chance.percent(25) ? `/${chance.pick(owned)}` : ""
  return `${beginning}/${times(chance, 5)
    .map(() => (chance.percent(65) ? chance.pick(words) : chance.pick(oddSegments)))
    .join("/")}`
}

const encoder = new TextEncoder()

const bodyOf = (chance: Chance): Uint8Array<ArrayBuffer> => {
  if (chance.percent(70)) return encoder.encode(chance.pick(oddBodies))
  return Uint8Array.from({ length: chance.below(400) }, () => chance.below(256))
}

export const garbage = (chance: Chance, { tenant }: Known): Sending => {
  const headers = new Map<string, string>()
  if (chance.percent(50))
    headers.set("authorization", chance.pick([`Bearer ${tenant.key}`, `Bearer ${tenant.key}`, "x", ""]))
  for (const _ of times(chance, 3)) headers.set(chance.pick(headerNames), chance.pick(headerValues))
  return {
    method: chance.pick(methods),
    target: `${pathOf(chance)}${chance.percent(40) ? chance.pick(oddQueries) : ""}`,
    headers: [...headers],
    body: chance.percent(50) ? bodyOf(chance) : undefined
  }
}
