/**
 * The reference pages say what the API does: their tables are compared with the definition, with every refusal, and
 * with the headers.
 */
import {
  AddressRefused,
  CommandIdReused,
  CommandInFlight,
  InvalidData,
  LinkRefused,
  OutcomeUnknown,
  Overloaded,
  SenderNotFound,
  StorageUnavailable,
  TooSoon
} from "@countersign/engine"
import { OpenTransact, Sendmachine, SpaceInvoices } from "@countersign/http"
import {
  CountersignApi,
  EmailAddress,
  EmailAddressResource,
  EmailAddressStatus,
  NativeSender,
  Sender,
  SendPlan
} from "@countersign/http/api"
import { Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import { OpenApi } from "effect/http-api"
import { describe, expect, it } from "vitest"
import { confirmationHeaders } from "../../src/confirmation/Endpoints.ts"
import type { Owner } from "../../src/Dialect.ts"
import * as ErrorObject from "../../src/dialects/opentransact/ErrorObject.ts"
import { alreadyAdded } from "../../src/dialects/sendmachine/ErrorResponse.ts"
import { Filters, NewSender } from "../../src/dialects/sendmachine/Sender.ts"
import {
  BodyTooLarge,
  CallerUnknown,
  CredentialMissing,
  type Failure,
  MediaTypeUnknown,
  MemberInvalid,
  MethodUnknown,
  RequestMalformed,
  RouteUnknown,
  Unexpected
} from "../../src/Failure.ts"
import { problemOwner } from "../../src/ProblemResponse.ts"
import { distinct, endpoints, page, tablesOf } from "./ReferencePage.ts"

/** One failure of every kind, and more where the words depend on its members. */
const failures: { readonly [Tag in Failure["_tag"]]: ReadonlyArray<Failure> } = {
  RouteUnknown: [new RouteUnknown()],
  MethodUnknown: [new MethodUnknown({ allow: ["GET"] })],
  CredentialMissing: [new CredentialMissing()],
  CallerUnknown: [new CallerUnknown()],
  BodyTooLarge: [new BodyTooLarge({ limit: 65_536 })],
  MediaTypeUnknown: [new MediaTypeUnknown({ accepted: ["application/json"] })],
  RequestMalformed: [new RequestMalformed({ problem: "It cannot be read." })],
  MemberInvalid: [
    new MemberInvalid({ member: "email", problem: "missing" }),
    new MemberInvalid({ member: "email", problem: "not-a-string" })
  ],
  Unexpected: [new Unexpected()],
  AddressRefused: [new AddressRefused({ code: "empty", message: "" }), new AddressRefused({ code: "x", message: "" })],
  SenderNotFound: [new SenderNotFound()],
  LinkRefused: [new LinkRefused({ reason: "unknown" }), new LinkRefused({ reason: "void" })],
  TooSoon: [new TooSoon({ retryAfter: 1 })],
  CommandIdReused: [new CommandIdReused()],
  CommandInFlight: [new CommandInFlight()],
  StorageUnavailable: [new StorageUnavailable({ reason: "" })],
  OutcomeUnknown: [new OutcomeUnknown({ reason: "" })],
  Overloaded: [new Overloaded({ retryAfter: 1 })],
  InvalidData: [new InvalidData({ problem: "" })]
}

const refusals = (owner: Owner): Promise<ReadonlyArray<{ readonly response: Response; readonly body: unknown }>> =>
  Promise.all(
    Object.values(failures)
      .flat()
      .map(async (failure) => {
        const response = HttpServerResponse.toWeb(owner.failure(failure, "correlation"))
        return { response, body: await response.json() }
      })
  )

/** The headers that tell a client what to do. */
const headersIn = ({ headers }: Response) =>
  ["WWW-Authenticate", "Allow", "Retry-After"].filter((name) => headers.has(name))

const Envelope = Schema.Struct({
  error: Schema.Struct({ statusCode: Schema.Number, name: Schema.String, code: Schema.String })
})
const ProblemDocument = Schema.Struct({ status: Schema.Number, title: Schema.String })

it.each([
  ["native", 7, /^\S+ \/v1\/(senders|send-plans|effective-sender)/],
  ["space-invoices", 10, /^\S+ \/v1\/(?!email-addresses|senders|send-plans|effective-sender)/],
  ["opentransact", 3, /^\S+ \/v1\/email-addresses/],
  ["sendmachine", 5, /^\S+ \/sender/]
] as const)("docs/reference/%s.md has every endpoint with its statuses", (name, count, isOfDialect) => {
  const told = tablesOf(page(name), "endpoint").map(([endpoint = "", , success = "", errors = ""]) => [
    endpoint,
    { success: (success.match(/\b\d{3}\b/g) ?? []).join(" "), errors: errors.split(" ") }
  ])
  expect(told).toHaveLength(count)
  const defined = [...endpoints("/")].filter(([endpoint]) => isOfDialect.test(endpoint))
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(defined))
})

describe("docs/reference/native.md", () => {
  const text = page("native")

  it("has every field of a sender, and every parameter of the list, in their order", () => {
    expect(tablesOf(text, "field").map(([field]) => field)).toEqual(Object.keys(NativeSender.fields))
    const parameters = OpenApi.fromApi(CountersignApi).paths["/v1/senders"]?.get?.parameters ?? []
    expect(tablesOf(text, "parameter").map(([name]) => name)).toEqual(parameters.map(({ name }) => name))
  })

  it("has every member of a send plan", () => {
    expect(tablesOf(text, "plan").map(([member]) => member)).toEqual(Object.keys(SendPlan.fields))
  })

  it("has every word of a state", () => {
    for (const field of ["status", "mailbox", "domainState"] as const) {
      const [, words = ""] = tablesOf(text, "field").find(([name]) => name === field) ?? []
      const told = [...(words.split(" in ")[0]?.matchAll(/`([\w-]+)`/g) ?? [])].map(([, word]) => word)
      expect(told).toEqual([...NativeSender.fields[field].literals])
    }
  })
})

describe("docs/reference/space-invoices.md", () => {
  const text = page("space-invoices")

  it("has every field of the object, in its order, and of the statuses", () => {
    expect(tablesOf(text, "field").map(([field]) => field)).toEqual(Object.keys(EmailAddress.fields))
    const said = /`GET …\/status` answers (.*) and nothing else/.exec(text)?.[1] ?? ""
    expect([...said.matchAll(/`(\w+)`/g)].map(([, field]) => field)).toEqual(Object.keys(EmailAddressStatus.fields))
  })

  it("has every status word", () => {
    for (const field of ["emailVerificationStatus", "domainVerificationStatus"] as const) {
      const words = tablesOf(text, field).map(([word]) => word ?? "")
      expect(distinct(words)).toEqual([...EmailAddress.fields[field].literals].sort())
    }
  })

  it("has every error", async () => {
    const sent = (await refusals(SpaceInvoices)).map(({ body }) => {
      const { error } = Schema.decodeUnknownSync(Envelope)(body)
      return `${error.statusCode} ${error.name} ${error.code}`
    })
    const told = tablesOf(text, "status").map((row) => row.slice(0, 3).join(" "))
    expect([...told].sort()).toEqual(distinct(sent))
  })
})

const ErrorDocument = Schema.Struct({
  errors: Schema.Array(
    Schema.Struct({ status: Schema.String, title: Schema.String, code: Schema.optionalKey(Schema.String) })
  )
})

/** What is said about a place in a request, which no failure is. */
const problems = [
  ErrorObject.missing("email", ""),
  ...["", true, 1, null, [], {}].map((value) => ErrorObject.wrongType("email", value, "")),
  ErrorObject.notWhitelisted("type", { pointer: "" }),
  ErrorObject.invalid("", { pointer: "" }),
  ErrorObject.foreignType,
  ErrorObject.duplicate,
  ErrorObject.clientId,
  ErrorObject.updating,
  ErrorObject.invalidParameter("sort", ""),
  ErrorObject.notAcceptable
]

describe("docs/reference/opentransact.md", () => {
  const text = page("opentransact")

  it("has every field of the resource, in its order and at its place", () => {
    const { attributes, meta, relationships } = EmailAddressResource.fields
    const defined = [
      ...Object.keys(attributes.schema.fields).map((name) => [name, "attributes"]),
      ...Object.keys(relationships.schema.fields).map((name) => [name, "relationships"]),
      ...Object.keys(meta.fields).map((name) => [name, "meta"])
    ]
    expect(tablesOf(text, "field").map((row) => row.slice(0, 2))).toEqual(defined)
  })

  it("has every parameter of the list, in its order", () => {
    const parameters = OpenApi.fromApi(CountersignApi).paths["/v1/email-addresses"]?.get?.parameters ?? []
    expect(tablesOf(text, "parameter").map(([name]) => name)).toEqual(parameters.map(({ name }) => name))
  })

  it("has every error", async () => {
    const failed = (await refusals(OpenTransact)).flatMap(
      ({ body }) => Schema.decodeUnknownSync(ErrorDocument)(body).errors
    )
    const sent = [...failed, ...problems].map(({ status, title, code = "" }) => `${status} ${title} ${code}`)
    const told = tablesOf(text, "status").map((row) => row.slice(0, 3).join(" "))
    expect([...told].sort()).toEqual(distinct(sent))
  })
})

describe("docs/reference/sendmachine.md", () => {
  const text = page("sendmachine")
  const Refusal = Schema.Struct({ status: Schema.String, error_reason: Schema.String })

  it("has every field, member and parameter, in their order", () => {
    expect(tablesOf(text, "field").map(([field]) => field)).toEqual(Object.keys(Sender.fields))
    expect(tablesOf(text, "member").map(([member]) => member)).toEqual(Object.keys(NewSender.fields))
    expect(tablesOf(text, "parameter").map(([name]) => name)).toEqual(Object.keys(Filters.fields))
  })

  it("has every value of a parameter", () => {
    const told = new Map(tablesOf(text, "parameter").map(([name, values = ""]) => [name, values]))
    for (const name of ["status", "type", "group"] as const) {
      const values = [...(told.get(name) ?? "").matchAll(/`?([\w+]+)`?/g)].map(([, value]) => value)
      expect(values).toEqual([...Filters.fields[name].literals])
    }
    expect(
      tablesOf(text, "group")
        .map(([group]) => group)
        .sort()
    ).toEqual([...Filters.fields.group.literals].sort())
  })

  it("has every error with its headers", async () => {
    const duplicate = HttpServerResponse.toWeb(alreadyAdded)
    const all = [...(await refusals(Sendmachine)), { response: duplicate, body: await duplicate.json() }]
    const sent = all.map(({ response, body }) => {
      const { status } = Schema.decodeUnknownSync(Refusal, { onExcessProperty: "error" })(body)
      return [response.status, status, ...headersIn(response)].join(" ")
    })
    const told = tablesOf(text, "code").map(([code = "", status = "", , headers = ""]) =>
      [code, status, headers].join(" ").trim()
    )
    expect([...told].sort()).toEqual(distinct(sent))
  })
})

describe("docs/reference/errors.md", () => {
  const text = page("errors")

  it("has every error with its headers", async () => {
    const sent = (await refusals(problemOwner)).map(({ response, body }) => {
      const { status, title } = Schema.decodeUnknownSync(ProblemDocument)(body)
      return [status, title, ...headersIn(response)].join(" ")
    })
    const told = tablesOf(text, "status").map(([status = "", title = "", , headers = ""]) =>
      [status, title, headers].join(" ").trim()
    )
    expect([...told].sort()).toEqual(distinct(sent))
  })

  it("has every error of a use case", () => {
    const edge = [
      "RouteUnknown",
      "MethodUnknown",
      "CredentialMissing",
      "CallerUnknown",
      "BodyTooLarge",
      "MediaTypeUnknown"
    ]
    const requests = ["RequestMalformed", "MemberInvalid", "Unexpected"]
    const useCases = Object.keys(failures).filter((tag) => !edge.includes(tag) && !requests.includes(tag))
    expect(distinct(tablesOf(text, "_tag").map(([tag = ""]) => tag))).toEqual(useCases.sort())
  })
})

describe("docs/reference/confirmation-page.md", () => {
  const text = page("confirmation-page")

  it("has every answer of its endpoints", () => {
    const told = tablesOf(text, "endpoint").map(([endpoint = "", status = ""]) => `${endpoint} ${status}`)
    const defined = [...endpoints("/verify/")].flatMap(([endpoint, { success, errors }]) =>
      [success, ...errors].map((status) => `${endpoint} ${status}`)
    )
    expect([...told].sort()).toEqual(defined.sort())
  })

  it("has every header", () => {
    const told = new Map(tablesOf(text, "header").map(([name = "", value = ""]) => [name, value]))
    expect([...told.keys()].sort()).toEqual(Object.keys(confirmationHeaders).sort())
    for (const [name, value] of Object.entries(confirmationHeaders)) {
      if (name !== "content-security-policy") expect([name, told.get(name)]).toEqual([name, value])
    }
  })
})
