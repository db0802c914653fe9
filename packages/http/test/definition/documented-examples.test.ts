/**
 * Every example of a request in the OpenAPI document is sent, with real ids and keys in the place of its own: it
 * succeeds, and the answer is one that the document has for the operation.
 */
import { Senders } from "@countersign/engine"
import { describe, expect, it } from "vitest"
import { type Chance, makeChance } from "../fuzz/Chance.ts"
import { judge } from "../fuzz/Judge.ts"
import { type JsonSchema, type Operation, operations, resolved } from "../fuzz/Operations.ts"
import { type Draft, draftOf, sendingOf } from "../fuzz/Requests.ts"
import { isMembers, type Known, nonce } from "../fuzz/Values.ts"
import { startWorld, type World } from "../fuzz/World.ts"

interface Example {
  readonly title: string
  readonly operation: Operation
  /** Puts the example into a request that has nothing optional. */
  readonly write: (draft: Draft, known: Known) => void
}

/** The examples of a schema, or its words where it has a few. */
const examplesOf = (schema: JsonSchema): ReadonlyArray<unknown> => {
  const { examples, enum: words } = resolved(schema)
  return [examples, words].find(Array.isArray) ?? []
}

/** Real ids in the place of placeholders; everything else as it is documented. */
const real = (value: unknown, known: Known, name = ""): unknown => {
  const { tenant } = known
  if (isMembers(value)) {
    const owner = value.type === "applications" ? tenant.account : tenant.organizations[0]
    return Object.fromEntries(
      Object.entries(value).map(([member, of]) => [member, member === "id" ? owner : real(of, known, member)])
    )
  }
  switch (name) {
    case "nonce":
      return nonce
    case "cursor":
      return value === "1" ? value : tenant.cursor
    case "filter[owner-id]":
    case "filter[application-id]":
      return tenant.account
    default:
      return value === "string" ? "a@acme.com" : value
  }
}

const examples: ReadonlyArray<Example> = operations.flatMap((operation) => {
  const parameters = operation.parameters.flatMap(({ name, in: place, schema }) =>
    place === "path"
      ? []
      : examplesOf(schema).map(
          (example): Example => ({
            title: `${operation.name} with ${place} ${name}: ${String(example)}`,
            operation,
            write: (draft, known) => {
              const text = String(real(example, known, name))
              if (place === "query") draft.query.push([name, text])
              else draft.headers.set(name, text)
            }
          })
        )
  )
  const bodies = operation.bodies.flatMap(({ mediaType, schema }) =>
    examplesOf(schema).map(
      (example): Example => ({
        title: `${operation.name} with ${mediaType} ${JSON.stringify(example)}`,
        operation,
        write: (draft, known) => {
          draft.headers.set("content-type", mediaType)
          draft.body = { value: real(example, known) }
        }
      })
    )
  )
  const alone: Example = { title: operation.name, operation, write: () => {} }
  return operation.bodies.length === 0 ? [alone, ...parameters] : [...bodies, ...parameters]
})

/** No parameter and no header that nobody has to send. */
const withoutOptions: Chance = { ...makeChance(0), percent: () => false }

const send = async (world: World, target: string, body: unknown) => {
  const headers = [
    ["authorization", world.tenants[0].key],
    ["content-type", "application/json"]
  ] as const
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  expect((await world.send({ method: "POST", target, headers, body: bytes })).status).toBe(200)
}

/** A service in which both scopes have an address, and mail may be asked for. */
const startExample = async (operation: Operation) => {
  const world = await startWorld(makeChance(1))
  const [tenant, other] = world.tenants
  await send(world, "/v1/email-address", { email: "there@example.org" })
  await send(world, `/v1/organizations/${tenant.organizations[0]}/email-address`, { email: "there@example.org" })
  await send(world, `/v1/organizations/${tenant.organizations[1]}/email-address`, { email: "there@example.org" })
  // What the example removes has to be there.
  if (operation.method === "DELETE") await send(world, "/v1/email-address", { email: "email2@example.org" })
  await world.pass("61 seconds")
  const senders = await world.senders(tenant)
  if (operation.path === "/v1/effective-sender") {
    for (const { link = "" } of senders) await world.run(Senders.use((all) => all.confirm({ token: link })))
    await world.publish()
    await world.pass("5 minutes")
  }
  const known: Known = { tenant, other, senders, links: senders.flatMap(({ link }) => link ?? []) }
  return { world, known }
}

describe("every example of a request", () => {
  it("is there for every body and every parameter of a query or header", () => {
    const without = operations.flatMap(({ name, bodies, parameters }) => [
      ...bodies.filter(({ schema }) => examplesOf(schema).length === 0).map(({ mediaType }) => `${name} ${mediaType}`),
      ...parameters
        .filter((parameter) => parameter.in !== "path" && examplesOf(parameter.schema).length === 0)
        .map((parameter) => `${name} ${parameter.name}`)
    ])
    expect(without).toEqual([])
    expect(examples.length).toBeGreaterThan(60)
  })

  it.each(examples.map((example) => [example.title, example] as const))("%s", async (_, { operation, write }) => {
    const { world, known } = await startExample(operation)
    try {
      const draft = draftOf(withoutOptions, known, operation)
      const email = operation.parameters.find(({ name, in: place }) => place === "path" && name === "email")
      if (email !== undefined) draft.path = `/sender/${String(examplesOf(email.schema)[0])}`
      // A body is demanded: a parameter is sent with an example of one.
      const [body] = operation.bodies
      if (body !== undefined) {
        draft.headers.set("content-type", body.mediaType)
        draft.body = { value: real(examplesOf(body.schema)[0], known) }
      }
      write(draft, known)
      const sending = sendingOf(withoutOptions, draft)
      const response = await world.send(sending)
      const answer = { status: response.status, headers: response.headers, text: await response.text() }
      const verdict = judge(sending, answer)
      expect([verdict.row, verdict.problems, answer.text]).toEqual([operation.name, [], answer.text])
      expect([200, 201, 202], answer.text).toContain(answer.status)
    } finally {
      await world.stop()
    }
  })
})
