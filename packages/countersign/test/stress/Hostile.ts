/**
 * What a program may pass although TypeScript says that it may not: values of every wrong kind, and calls of every use
 * case with such a value in place of one member, or of all.
 */
import fc from "fast-check"

/** A value, made anew for each call, and its name in a failure. */
interface Thing {
  readonly name: string
  readonly make: () => unknown
}

const things: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  "0": () => 0,
  "-0": () => -0,
  "-1": () => -1,
  "1.5": () => 1.5,
  "2 ** 60": () => 2 ** 60,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  "a bigint": () => 1n,
  "an empty string": () => "",
  "a string": () => "text",
  "a string with NUL": () => "a\0b",
  "a lone surrogate": () => "a\ud800b",
  "a huge string": () => "x".repeat(300_000),
  "a symbol": () => Symbol("s"),
  "a function": () => () => "text",
  "an async function": () => async () => "text",
  "a class": () => class {},
  "an empty array": () => [],
  "an array": () => [1, "two", null],
  "an array with a hole": () => Object.assign([1], { 2: 3 }),
  "an array that is deep": () => deep((inner) => [inner]),
  "an array with members": () => Object.assign([1], { text: "text" }),
  "an empty object": () => ({}),
  "an object": () => ({ text: "text", number: 1, list: [{ a: null }] }),
  "an object with undefined": () => ({ text: undefined }),
  "an object with -0": () => ({ number: -0, list: [-0] }),
  "an object with NaN": () => ({ number: Number.NaN }),
  "an object with NUL": () => ({ text: "\0" }),
  "an object with NUL in a name": () => ({ "a\0b": 1 }),
  "an object with a lone surrogate": () => ({ "\udfff": "\ud800" }),
  "an object with a function": () => ({ call: () => 1 }),
  "an object with toJSON": () => ({ toJSON: () => 1 }),
  "an object with a hidden toJSON": () => Object.defineProperty({ a: 1 }, "toJSON", { value: () => undefined }),
  "an object with a symbol": () => ({ [Symbol("s")]: 1, text: Symbol("s") }),
  "an object with __proto__": () => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}'),
  "an object that is deep": () => deep((inner) => ({ inner })),
  "an object that is quite deep": () => deep((inner) => ({ inner }), 3_000),
  "an object with many members": () =>
    Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`member ${index}`, index])),
  "an object that is huge": () => ({ text: "x".repeat(300_000) }),
  "an object without a prototype": () => Object.assign(Object.create(null), { text: "text" }),
  "an object that inherits": () => Object.create({ text: "text", organization: "org", _tag: "Account" }),
  "an object that has a part twice": () => {
    const part = { a: 1 }
    return { one: part, other: part }
  },
  "an owner of nobody": () => ({ _tag: "Organization", organization: undefined }),
  "an owner by number": () => ({ _tag: "Organization", organization: 42 }),
  "an owner of no kind": () => ({ _tag: "Somebody" }),
  "a cyclic object": () => {
    const self: Record<string, unknown> = { a: 1 }
    self.self = self
    return self
  },
  "a cyclic array": () => {
    const self: Array<unknown> = []
    self.push({ self })
    return self
  },
  "a date": () => new Date(0),
  "no date": () => new Date(Number.NaN),
  "an instance": () =>
    new (class Owner {
      readonly _tag = "Account"
    })(),
  "a map": () => new Map([["a", 1]]),
  "a set": () => new Set([1]),
  "a regular expression": () => /x/,
  "an error": () => new Error("text"),
  "a promise": () => Promise.resolve("text"),
  "a typed array": () => new Uint8Array(3),
  "a boxed string": () => Object("text"),
  "a boxed number": () => Object(1),
  "a weak map": () => new WeakMap(),
  "a getter that throws": () =>
    getter(() => {
      throw new Error("a getter's own")
    }),
  "a getter that throws what cannot be told": () =>
    getter(() => {
      throw Object.assign(new Error(), {
        toString: () => {
          throw new Error("untold")
        }
      })
    }),
  "a getter that throws a symbol": () =>
    getter(() => {
      throw Symbol("s")
    }),
  "a getter that changes its mind": () => {
    let asked = 0
    return getter(() => (asked++ === 0 ? "text" : 1n))
  },
  "a getter that changes its mind later": () => {
    let asked = 0
    return getter(() => (asked++ < 2 ? "text" : () => 1))
  },
  "a text that cannot be told": () => ({
    toString: () => {
      throw new Error("untold")
    },
    [Symbol.toPrimitive]: () => {
      throw new Error("untold")
    }
  }),
  "a proxy that throws": () =>
    new Proxy(
      {},
      new Proxy(
        {},
        {
          get: () => () => {
            throw new Error("a proxy's own")
          }
        }
      )
    ),
  "a proxy that is revoked": () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  "a proxy of an object": () => new Proxy({ text: "text", _tag: "Account" }, {}),
  "a proxy of an array": () => new Proxy([1, 2], {}),
  "a proxy that has everything": () => new Proxy({}, { get: () => "text", has: () => true }),
  "a proxy that lies about its members": () =>
    new Proxy(
      {},
      {
        ownKeys: () => ["a", "b"],
        getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
        get: () => undefined
      }
    )
}

const deep = (around: (inner: unknown) => unknown, depth = 50_000): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = around(value)
  return value
}

const getter = (get: () => unknown): object =>
  Object.defineProperties({}, { text: { enumerable: true, get }, _tag: { enumerable: true, value: "Account" } })

export const hostileThings: ReadonlyArray<Thing> = Object.entries(things).map(([name, make]) => ({ name, make }))

/** Those that are taken as metadata, or as a part of it: they are data when they are read, whatever they do later. */
export const harmless: ReadonlySet<string> = new Set([
  "undefined",
  "null",
  "true",
  "0",
  "-0",
  "-1",
  "1.5",
  "2 ** 60",
  "an empty string",
  "a string",
  "an empty array",
  "an array",
  "an array with members",
  "an empty object",
  "an object",
  "an object with -0",
  "an object with a hidden toJSON",
  "an object with __proto__",
  "an object with many members",
  "an object without a prototype",
  "an object that inherits",
  "an object that has a part twice",
  "an owner by number",
  "an owner of no kind",
  "an instance",
  "a getter that changes its mind",
  "a getter that changes its mind later",
  "a proxy of an object",
  "a proxy of an array",
  "a proxy that has everything"
])

const thing = fc.constantFrom(...hostileThings)

/** Something that is right, to put a wrong thing in the place of a member. */
type Good = { readonly [member: string]: unknown }

const caller = { actor: "key:1", correlation: "c", idempotency: { key: "k", fingerprint: "f" } }
const owner = { _tag: "Organization", organization: "org" }
const metadata = { text: "text", number: 1, inner: { list: [1, { a: null }] } }
const filter = {
  owner,
  ownerType: "Organization",
  kind: "email",
  statuses: ["pending", "active"],
  canonical: "hello@acme.com",
  domain: "acme.com",
  after: 1,
  addedBetween: { from: 0, to: 1 },
  updatedBetween: { from: 0, to: 1 },
  metadata: { text: "text" }
}

/** A right input of every use case, but for the account and what is mostly there: a sender, and a link. */
const inputs = {
  add: { ...caller, owner, kind: "email", address: "hello@acme.com", metadata, notifyAccount: false },
  get: { id: "" },
  current: { owner },
  list: { ...filter, order: "oldest-first", offset: 0, limit: 10 },
  count: filter,
  status: { id: "" },
  dns: { id: "" },
  history: { id: "", after: 0, limit: 1 },
  stateAt: { id: "", at: 0 },
  resend: { ...caller, id: "" },
  probe: { ...caller, id: "" },
  readLink: { token: "", correlation: "c" },
  confirm: { token: "", correlation: "c" },
  decline: { token: "", correlation: "c" },
  remove: { ...caller, id: "", reason: "text" },
  removeAll: { ...caller, owner },
  removeAddress: { ...caller, address: "hello@acme.com" },
  effective: { organization: "org" },
  sendPlan: { organization: "org", from: "hello@acme.com" }
} as const satisfies { readonly [useCase: string]: Good }

export type UseCase = keyof typeof inputs
export const useCases = Object.keys(inputs) as ReadonlyArray<UseCase> // Those of the table above.

/** A call that is not as it should be. */
export interface HostileCall {
  readonly useCase: UseCase
  /** Names what is wrong. */
  readonly name: string
  readonly input: (given: Good) => unknown
}

const pathsOf = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null
    ? [path, ...Object.entries(value).flatMap(([member, inner]) => pathsOf(inner, [...path, member]))]
    : [path]

/** The same with another value at the path; a member that was not there is added. */
const put = (value: unknown, [member, ...rest]: ReadonlyArray<string>, wrong: unknown): unknown => {
  if (member === undefined) return wrong
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === member ? put(inner, rest, wrong) : inner))
  const members = value as Good // A path leads through objects and arrays only.
  const copy = { ...members }
  // Defined, not set: a member may have any name.
  return Object.defineProperty(copy, member, {
    value: put(members[member], rest, wrong),
    enumerable: true,
    configurable: true,
    writable: true
  })
}

/** One or two members are wrong. */
export const hostileCall: fc.Arbitrary<HostileCall> = fc.constantFrom(...useCases).chain((useCase) => {
  const good = { account: "acme", ...inputs[useCase] }
  const paths = [...pathsOf(good), ["more"], ["__proto__"], ["metadata", "__proto__"]].filter(
    ([first]) => first !== "metadata" || "metadata" in good
  )
  const places = fc.array(fc.tuple(fc.constantFrom(...paths), thing), { minLength: 1, maxLength: 2 })
  return places.map((chosen) => {
    // A member first, and then what it is a part of.
    const wrong = chosen.toSorted(([one], [other]) => other.length - one.length)
    return {
      useCase,
      name: `${useCase} with ${wrong.map(([path, { name }]) => `${name} as ${path.join(".") || "its input"}`).join(" and ")}`,
      input: (given) =>
        wrong.reduce<unknown>((input, [path, { make }]) => put(input, path, make()), { ...good, ...given })
    }
  })
})
