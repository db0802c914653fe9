/**
 * The sections "Where we differ" name everything that the definition has and the vendor's document has not: computed,
 * not remembered.
 */
import { CountersignApi, EmailAddress, EmailAddressResource, Sender } from "@countersign/http/api"
import { OpenApi } from "effect/http-api"
import { describe, expect, it } from "vitest"
import { distinct, endpoints, page, tablesOf } from "./ReferencePage.ts"

/** `statuses \`405\`, \`409\`` as `status 405` and `status 409`: what a cell of a table names, one thing each. */
const namedIn = (cell: string): ReadonlyArray<string> => {
  const kind = (/^\w+/.exec(cell)?.[0] ?? "").replace(/(?<=status)es$|s$(?<!us)/, "")
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => `${kind} ${name}`)
}

/** What a vendor's own document has: only what is there. */
interface Vendor {
  readonly endpoints: ReadonlyArray<string>
  readonly fields: ReadonlyArray<string>
  readonly parameters: ReadonlyArray<string>
  readonly statuses: ReadonlyArray<string>
}

/**
 * What the definition has below a path and the vendor's document has not, in the words of the page. 405 is of every
 * path.
 */
const addedTo = (vendor: Vendor, below: RegExp, fields: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { paths } = OpenApi.fromApi(CountersignApi)
  const operations = Object.entries(paths).flatMap(([path, { get, post, delete: remove }]) =>
    below.test(path) ? [get, post, remove].filter((operation) => operation !== undefined) : []
  )
  const parameters = operations
    .flatMap((operation) => operation.parameters)
    .filter((parameter) => parameter.in !== "path")
  const names = parameters.map(({ in: place, name }) =>
    place === "header" ? `header ${name.replace(/(^|-)[a-z]/g, (begin) => begin.toUpperCase())}` : `parameter ${name}`
  )
  const statuses = operations.flatMap(({ responses }) => Object.keys(responses)).filter((status) => status >= "400")
  const defined = [
    ...[...endpoints("/")].map(([endpoint]) => endpoint).filter((endpoint) => below.test(endpoint.split(" ")[1] ?? ""))
  ].map((endpoint) => `endpoint ${endpoint}`)
  const known = new Set([
    ...vendor.endpoints.map((name) => `endpoint ${name}`),
    ...vendor.fields.map((name) => `field ${name}`),
    ...vendor.parameters.map((name) => `parameter ${name}`),
    ...vendor.statuses.map((name) => `status ${name}`)
  ])
  const ours = [...defined, ...fields.map((name) => `field ${name}`), ...names, "status 405"]
  return distinct([...ours, ...statuses.map((status) => `status ${status}`)].filter((name) => !known.has(name)))
}

/** What the page says that we have added. It must be in the section that says so, and every row must say why. */
const toldAsAdded = (text: string, vendor: string): ReadonlyArray<string> => {
  const [, section = ""] = text.split(`\n## Where we differ from ${vendor} on purpose\n`)
  const reasonless = ["added", "changed", "left out"]
    .flatMap((name) => tablesOf(section, name))
    .filter((row) => row.some((cell) => cell === ""))
  expect(reasonless).toEqual([])
  return [...tablesOf(section, "added").flatMap(([cell = ""]) => namedIn(cell))].sort()
}

describe.each([
  ["space-invoices", "status", /\/email-address(\/|$)/],
  ["opentransact", "status", /\/email-addresses/],
  ["sendmachine", "code", /^\/sender/]
])("docs/reference/%s.md", (name, column, below) => {
  it("says of an error whether an endpoint answers it", () => {
    const answered = new Set(["405"])
    for (const [endpoint, { errors }] of endpoints("/")) {
      if (below.test(endpoint.split(" ")[1] ?? "")) for (const status of errors) answered.add(status)
    }
    const rows = tablesOf(page(name), column).filter(([status = ""]) => /^\d{3}$/.test(status))
    const told = rows.map((row) => [row[0], !row.some((cell) => cell.includes("no endpoint of today answers it"))])
    expect(rows.length).toBeGreaterThan(10)
    expect(told).toEqual(rows.map(([status = ""]) => [status, answered.has(status)]))
  })
})

describe("docs/reference/space-invoices.md", () => {
  const text = page("space-invoices")

  it("tells everything that is not the vendor's", () => {
    const scopes = ["/v1", "/v1/organizations/:id"]
    const operations = ["POST ", "GET ", "DELETE ", "GET /status", "POST /resend-verification"]
    const vendor = {
      endpoints: scopes.flatMap((scope) =>
        operations.map((operation) => operation.replace(" ", ` ${scope}/email-address`))
      ),
      fields:
        "id email emailVerificationStatus domainVerificationStatus tokens accountId organizationId createdAt updatedAt".split(
          " "
        ),
      parameters: [],
      statuses: ["400", "401", "404", "422", "429", "500", "503"]
    }
    const added = addedTo(vendor, /\/email-address(\/|$)/, Object.keys(EmailAddress.fields))
    expect(toldAsAdded(text, "Space Invoices")).toEqual(added)
  })
})

describe("docs/reference/opentransact.md", () => {
  const text = page("opentransact")

  const bounds = (name: string) => [`${name}[start]`, `${name}[finish]`]
  const vendor = {
    endpoints: ["GET /v1/email-addresses", "POST /v1/email-addresses", "GET /v1/email-addresses/:id"],
    fields: ["email", "metadata", "created-at", "updated-at", "owner"],
    parameters: [
      ...["page[number]", "page[size]", "filter[metadata][key]"],
      ...["filter[owner-type]", "filter[owner-id]", "filter[application-id]"],
      ...["filter[created-between]", "filter[updated-between]", "created_between", "updated_between"].flatMap(bounds)
    ],
    statuses: ["401", "403", "404", "422"]
  }

  it("tells everything that is not the vendor's", () => {
    const { attributes, meta, relationships } = EmailAddressResource.fields
    const fields = [attributes.schema.fields, relationships.schema.fields, meta.fields].flatMap(Object.keys)
    expect(toldAsAdded(text, "OpenTransact")).toEqual(addedTo(vendor, /\/email-addresses/, fields))
  })

  it("tells which codes of the vendor are not sent", () => {
    const sent = tablesOf(text, "status").map(([, , code]) => code)
    const codes = Array.from({ length: 15 }, (_, index) => String(10_001 + index))
    const missing = codes.filter((code) => !sent.includes(code)).map((code) => `code ${code}`)
    expect(tablesOf(text, "left out").flatMap(([cell = ""]) => namedIn(cell))).toEqual(missing)
  })
})

describe("docs/reference/sendmachine.md", () => {
  const text = page("sendmachine")

  it("tells everything that is not the vendor's", () => {
    const vendor = {
      endpoints: ["GET /sender/list", "POST /sender/list"],
      fields: ["sender_id", "email", "type", "emailtype", "status", "label"],
      parameters: ["status", "type", "group", "limit", "offset"],
      statuses: []
    }
    const added = addedTo(vendor, /^\/sender/, Object.keys(Sender.fields))
    expect(toldAsAdded(text, "Sendmachine")).toEqual(added)
  })
})
