/**
 * The endpoints of the OpenTransact dialect: list, create and show.
 *
 * Each negotiates the media type, finds out who calls, reads the query, asks one use case, and puts its answer into a
 * JSON:API document. What is wrong with a request at a certain place of it is answered here, because no other dialect
 * says where.
 */
import { entryBlockers, type OwnerInput } from "@countersign/core"
import { Accounts, type ListedSender, Senders, Settings } from "@countersign/engine"
import { Effect, Option } from "effect"
import type { HttpServerResponse } from "effect/http"
import type { Authorize, Dialect } from "../../Dialect.ts"
import { type Failure, RequestMalformed } from "../../Failure.ts"
import { rememberFindings } from "../../FindingBody.ts"
import { idempotencyOf } from "../../IdempotencyKey.ts"
import { readBody } from "../../RequestBody.ts"
import { plainHeaders } from "../../Responses.ts"
import { type Exchange, routesOf } from "../../Route.ts"
import { EmailAddressesGroup } from "./Definition.ts"
import { metadataPointer, type OwnerIdentifier, ownerPointer, readDocument } from "./Document.ts"
import * as ErrorObject from "./ErrorObject.ts"
import { document, refused } from "./ErrorResponse.ts"
import { isRefusedAccept, isRefusedContentType, jsonApi, vendor } from "./MediaType.ts"
import { type Fields, type ListParameters, readFieldsOnly, readList } from "./Parameters.ts"
import type { EmailAddressList, EmailAddressResource } from "./Resource.ts"

const { path } = EmailAddressesGroup.endpoints.list

const secondOf = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`

/** Findings cost a read of the probe task, so that lists have none. */
const resourceOf = (
  sender: ListedSender,
  fields: Fields,
  findings?: EmailAddressResource["meta"]["findings"]
): EmailAddressResource => {
  const { owner } = sender
  const all = {
    email: sender.address,
    metadata: JSON.stringify(sender.metadata),
    "created-at": secondOf(sender.addedAt),
    "updated-at": secondOf(sender.updatedAt)
  }
  const shown = Object.entries(all).filter(([name]) => fields === undefined || fields.has(name))
  const data: OwnerIdentifier =
    owner._tag === "Account"
      ? { type: "applications", id: sender.account }
      : { type: "profiles", id: owner.organization }
  return {
    type: "email-addresses",
    id: sender.id,
    ...(shown.length === 0 ? {} : { attributes: Object.fromEntries(shown) }),
    ...(fields === undefined || fields.has("owner") ? { relationships: { owner: { data } } } : {}),
    meta: {
      status: sender.status,
      kind: sender.kind,
      "dns-records": sender.plan.records,
      blockers: entryBlockers(sender),
      ...(findings === undefined ? {} : { findings })
    }
  }
}

/** `url` is that of the collection. */
const listOf = (
  url: string,
  { number, size, kept, fields }: ListParameters,
  count: number,
  senders: ReadonlyArray<ListedSender>
): EmailAddressList => {
  const pages = Math.ceil(count / size)
  const last = Math.max(1, pages)
  const link = (page: number) => {
    const query = new URLSearchParams(kept)
    query.append("page[number]", String(page))
    query.append("page[size]", String(size))
    return `${url}?${query}`
  }
  return {
    data: senders.map((sender) => resourceOf(sender, fields)),
    meta: { "page-count": pages, count, "current-page": number },
    links: {
      self: link(number),
      first: link(1),
      last: link(last),
      ...(number < last ? { next: link(number + 1) } : {}),
      // From beyond the end, the way back leads to the last page.
      ...(number > 1 ? { prev: link(Math.min(number - 1, last)) } : {})
    }
  }
}

const fail = (error: ErrorObject.ErrorObject) => Effect.fail(new ErrorObject.Refused({ errors: [error] }))

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Failure | ErrorObject.Refused>

/** The part that the endpoints have in common: the media types before, and the words for refusals after. */
const negotiated = (answer: (exchange: Exchange) => Answer) => (exchange: Exchange) => {
  const { headers } = exchange.request
  const checked: Answer = isRefusedAccept(headers.accept)
    ? fail(ErrorObject.notAcceptable)
    : isRefusedContentType(headers["content-type"])
      ? fail(ErrorObject.unsupportedMediaType())
      : Effect.suspend(() => answer(exchange))
  return Effect.catchTag(checked, "Refused", (refusal) => Effect.succeed(refused(refusal)))
}

export const routes: Dialect["routes"] = Effect.fnUntraced(function* (authorize: Authorize) {
  const accounts = yield* Accounts
  const senders = yield* Senders
  const findingsOf = rememberFindings(senders.dns)
  const { publicUrl, allowTestNames } = yield* Settings
  const url = `${publicUrl}${path}`

  /** Unknown and foreign owners answer alike, so that nobody learns what others have. */
  const ownerOf = Effect.fnUntraced(function* (account: string, { type, id }: OwnerIdentifier) {
    if (type === "applications") {
      return id === account ? Option.some<OwnerInput>({ _tag: "Account" }) : Option.none<OwnerInput>()
    }
    const found = yield* accounts.organization(account, id)
    return Option.map(found, (organization): OwnerInput => ({ _tag: "Organization", organization: organization.id }))
  })

  const list = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account } = yield* authorize(exchange)
    const parameters = yield* readList(exchange, account)
    const { filter, number, size } = parameters
    const count = filter === undefined ? 0 : yield* senders.count(filter)
    const offset = (number - 1) * size
    const found =
      filter === undefined || offset >= count
        ? []
        : yield* senders.list({ ...filter, order: "oldest-first", offset, limit: size })
    return document(listOf(url, parameters, count, found))
  })

  const create = Effect.fnUntraced(function* (exchange: Exchange) {
    const { bytes, members } = yield* readBody(exchange.request, [jsonApi, vendor])
    if (isBlank(bytes)) return yield* new RequestMalformed({ problem: "The body is empty: send a JSON:API document." })
    const caller = yield* authorize(exchange)
    const fields = yield* readFieldsOnly(exchange)
    const idempotency = yield* idempotencyOf(exchange, bytes)
    const { refusal, problems, email, metadata, owner } = readDocument(members, { allowTestNames })
    if (refusal !== undefined) return yield* fail(refusal)
    const found = owner === undefined ? Option.none() : yield* ownerOf(caller.account, owner)
    if (owner !== undefined && Option.isNone(found)) {
      return yield* fail(ErrorObject.notFound(undefined, { pointer: ownerPointer }))
    }
    const [first, ...rest] = problems
    if (first !== undefined) return yield* new ErrorObject.Refused({ errors: [first, ...rest] })
    if (Option.isNone(found) || email === undefined || metadata === undefined) {
      return yield* Effect.die(new Error("a document without problems has all members"))
    }
    const adding = senders.add({ ...caller, ...idempotency, owner: found.value, address: email, metadata })
    // An address that is one can be stored: what is too large or else unfit is in the metadata.
    const added = yield* Object.keys(metadata).length === 0
      ? adding
      : Effect.catchTag(adding, "InvalidData", () => fail(ErrorObject.unstorable(metadataPointer)))
    if (!added.created) return yield* fail(ErrorObject.duplicate)
    const { sender } = added
    return document({ data: resourceOf(sender, fields, []) }, 201, {
      ...plainHeaders,
      location: `${url}/${sender.id}`
    })
  })

  const show = Effect.fnUntraced(function* (exchange: Exchange) {
    const { account } = yield* authorize(exchange)
    const fields = yield* readFieldsOnly(exchange)
    const sender = yield* senders.get({ account, id: exchange.params.id ?? "" })
    return document({ data: resourceOf(sender, fields, yield* findingsOf(sender)) })
  })

  const update = Effect.fnUntraced(function* (exchange: Exchange) {
    yield* authorize(exchange)
    return yield* fail(ErrorObject.updating)
  })

  return [
    ...routesOf(EmailAddressesGroup, { list: negotiated(list), create: negotiated(create), show: negotiated(show) }),
    { method: "PATCH", path: EmailAddressesGroup.endpoints.show.path, answer: negotiated(update) }
  ]
})

/** Of nothing, or of what JSON takes for white space only. */
const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => [0x20, 0x09, 0x0a, 0x0d].includes(byte))
