/**
 * What one account tries on another, for every operation of every dialect: each attack names something that is not the
 * attacker's.
 *
 * The same attack is made in two worlds: in one its target is there and another account's, in the other it never
 * existed.
 */

/** What an attacker has. */
interface Own {
  readonly account: string
  readonly organization: string
  readonly token: string
  /** A link that was mailed to the attacker. */
  readonly link: string
}

/** What the attacker names. */
export interface Target {
  readonly account: string
  readonly organization: string
  readonly sender: string
  readonly verification: string
  readonly email: string
  readonly domain: string
  /** A value of metadata. */
  readonly tag: string
  readonly idempotencyKey: string
  /** Of a page of its senders. */
  readonly cursor: string
  /** An access key that was revoked, and the id of one that was not. */
  readonly revoked: string
  readonly keyId: string
}

export interface World {
  readonly own: Own
  readonly target: Target
}

interface Sent {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>
}

type Attack = (world: World) => Sent

const base64 = (text: string) => Buffer.from(text).toString("base64")

const addressDocument = (email: string, type: string, id: string) => ({
  data: {
    type: "email-addresses",
    attributes: { email, metadata: { tag: "mine" } },
    relationships: { owner: { data: { type, id } } }
  }
})

const onOrganization = (
  suffix: string,
  more: (world: World) => Omit<Sent, "path"> = () => ({})
): ReadonlyArray<Attack> => [
  (world) => ({ path: `/v1/organizations/${world.target.organization}/email-address${suffix}`, ...more(world) }),
  // What is no organization, but somebody's.
  (world) => ({ path: `/v1/organizations/${world.target.account}/email-address${suffix}`, ...more(world) }),
  (world) => ({ path: `/v1/organizations/${world.target.sender}/email-address${suffix}`, ...more(world) }),
  (world) => ({ path: `/V1/Organizations/${world.target.organization}/Email-Address${suffix}/`, ...more(world) })
]

/** The account's own scope, with every hint at another one that a request has room for. */
const onAccount = (suffix: string): ReadonlyArray<Attack> => [
  ({ target }) => ({ path: `/v1/email-address${suffix}?id=${target.sender}&accountId=${target.account}` }),
  ({ target }) => ({ path: `/v1/email-address${suffix}?organizationId=${target.organization}&email=${target.email}` })
]

const membersOf = ({ account, organization, sender, email }: Target) => ({
  id: sender,
  email,
  accountId: account,
  organizationId: organization
})

const onSender = (suffix: string): ReadonlyArray<Attack> => [
  ({ target }) => ({ path: `/v1/senders/${target.sender}${suffix}` }),
  ({ target }) => ({ path: `/v1/senders/${target.organization}${suffix}` }),
  ({ target }) => ({ path: `/V1/Senders/${target.sender.toUpperCase()}${suffix}` })
]

const senderLists = (path: string): ReadonlyArray<Attack> =>
  [
    () => "",
    () => "group=domain",
    () => "group=flat&status=active+pending",
    () => "status=pending&type=email&limit=1&offset=1",
    () => "type=domain&limit=1000",
    ({ target }: World) => `account=${target.account}&sender_id=${target.sender}&email=${target.email}`
  ].map((query) => (world) => ({ path: `${path}?${query(world)}` }))

const adds = (path: string): ReadonlyArray<Attack> => [
  ({ target }) => ({ path, body: { type: "email", address: target.email } }),
  ({ target }) => ({ path, body: { type: "email", address: target.email.toUpperCase() } }),
  ({ target }) => ({ path, body: { type: "domain", address: target.domain } }),
  ({ target }) => ({ path, form: { type: "email", address: target.email, account: target.account } })
]

/** A link of the attacker's with the target's ids put in: bytes 5 to 20 name the sender, 21 to 36 the verification. */
const mixedLink = ({ own, target }: World, parts: "sender" | "verification" | "both"): string => {
  const bytes = Buffer.from(own.link, "base64url")
  if (parts !== "verification") Buffer.from(target.sender.replaceAll("-", ""), "hex").copy(bytes, 5)
  if (parts !== "sender") Buffer.from(target.verification.replaceAll("-", ""), "hex").copy(bytes, 21)
  return bytes.toString("base64url")
}

const nonce = "a-nonce-of-the-attacker-0"
const links = (more: Omit<Sent, "path">): ReadonlyArray<Attack> => [
  (world) => ({ path: `/verify/${mixedLink(world, "sender")}`, ...more }),
  (world) => ({ path: `/verify/${mixedLink(world, "verification")}`, ...more }),
  (world) => ({ path: `/verify/${mixedLink(world, "both")}`, ...more }),
  ({ target }) => ({ path: `/verify/${target.sender}`, ...more }),
  ({ own }) => ({ path: `/verify/${own.link}`, ...more })
]
const pressed = (action: string): Omit<Sent, "path"> => ({
  headers: { cookie: `countersign_nonce=${nonce}` },
  form: { action, nonce }
})

/** By operation as the OpenAPI document names it. One that is not here fails the test of the attacks. */
export const attacks: Readonly<Record<string, ReadonlyArray<Attack>>> = {
  "POST /v1/email-address": [
    ({ target }) => ({ path: "/v1/email-address", body: membersOf(target) }),
    ({ target }) => ({ path: "/v1/email-address", form: membersOf(target) }),
    ({ target }) => ({ path: `/v1/email-address?accountId=${target.account}`, body: { email: target.email } })
  ],
  "GET /v1/email-address": onAccount(""),
  "DELETE /v1/email-address": onAccount(""),
  "GET /v1/email-address/status": onAccount("/status"),
  "POST /v1/email-address/resend-verification": [
    ({ target }) => ({ path: "/v1/email-address/resend-verification", body: membersOf(target) }),
    ...onAccount("/resend-verification")
  ],
  "POST /v1/organizations/{id}/email-address": onOrganization("", ({ target }) => ({ body: { email: target.email } })),
  "GET /v1/organizations/{id}/email-address": onOrganization(""),
  "DELETE /v1/organizations/{id}/email-address": onOrganization(""),
  "GET /v1/organizations/{id}/email-address/status": onOrganization("/status"),
  "POST /v1/organizations/{id}/email-address/resend-verification": onOrganization("/resend-verification"),
  "GET /v1/email-addresses": [
    () => "",
    () => "page[size]=1",
    () => "page[number]=2&page[size]=1",
    () => "page[number]=900&page[size]=100",
    () => "created_between[start]=1970-01-01T00:00:00Z",
    () => "filter[updated-between][finish]=2099-01-01T00:00:00Z&fields[email-addresses]=email,owner",
    () => "filter[owner-type]=profiles",
    ({ target }: World) => `filter[owner-id]=${target.organization}`,
    ({ target }: World) => `filter[owner-id]=${target.account}`,
    ({ target }: World) => `filter[owner-id]=${target.sender}`,
    ({ target }: World) => `filter[owner-type]=profiles&filter[owner-id]=${target.organization}&page[number]=2`,
    ({ target }: World) => `filter[owner-type]=applications&filter[owner-id]=${target.account}`,
    ({ target }: World) => `filter[application-id]=${target.account}`,
    ({ target }: World) => `filter[application-id]=${target.account}&filter[owner-id]=${target.organization}`,
    ({ target, own }: World) => `filter[application-id]=${own.account}&filter[owner-id]=${target.organization}`,
    ({ target }: World) => `filter[metadata][tag]=${target.tag}`,
    ({ target }: World) => `filter[email]=${target.email}`
  ].map((query) => (world) => ({ path: `/v1/email-addresses?${query(world)}` })),
  "POST /v1/email-addresses": [
    ({ target }: World) => addressDocument("n@own.com", "profiles", target.organization),
    ({ target }: World) => addressDocument("n@own.com", "applications", target.account),
    ({ target }: World) => addressDocument("n@own.com", "profiles", target.account),
    ({ target }: World) => addressDocument("not an address", "profiles", target.organization),
    ({ target, own }: World) => addressDocument(target.email, "applications", own.account),
    ({ target, own }: World) => addressDocument(target.email, "profiles", own.organization)
  ].map((body) => (world) => ({ path: "/v1/email-addresses", body: body(world) })),
  "GET /v1/email-addresses/{id}": [
    ({ target }) => ({ path: `/v1/email-addresses/${target.sender}` }),
    ({ target }) => ({ path: `/v1/email-addresses/${target.sender}?fields[email-addresses]=` }),
    ({ target }) => ({ path: `/v1/email-addresses/${target.sender.toUpperCase()}/` }),
    ({ target }) => ({ path: `/v1/email-addresses/${target.organization}` }),
    ({ target }) => ({ path: `/v1/email-addresses/${target.email}` })
  ],
  "PATCH /v1/email-addresses/{id}": [
    ({ target }) => ({
      path: `/v1/email-addresses/${target.sender}`,
      body: { data: { type: "email-addresses", id: target.sender, attributes: { email: "n@own.com" } } }
    })
  ],
  "GET /v1/senders": [
    () => "",
    () => "limit=1",
    () => "status=pending,active&limit=100",
    ({ target }: World) => `organization=${target.organization}`,
    ({ target }: World) => `organization=${target.account}`,
    ({ target }: World) => `address=${target.email}`,
    ({ target }: World) => `domain=${target.domain}`,
    ({ target }: World) => `metadata[tag]=${target.tag}`,
    ({ target }: World) => `cursor=${target.cursor}`,
    ({ target }: World) => `cursor=${target.sender}`,
    ({ target }: World) => `account=${target.account}`
  ].map((query) => (world) => ({ path: `/v1/senders?${query(world)}` })),
  "GET /v1/senders/{id}": [
    ...onSender(""),
    ({ target }) => ({ path: `/v1/senders/${target.sender}`, headers: { "if-none-match": "*" } })
  ],
  "GET /v1/senders/{id}/dns": onSender("/dns"),
  "POST /v1/senders/{id}/dns/probes": onSender("/dns/probes"),
  "GET /v1/senders/{id}/events": [
    ...onSender("/events"),
    ...onSender("/events?as-of=2099-01-01T00:00:00Z"),
    ...onSender("/events?cursor=1")
  ],
  "GET /v1/effective-sender": [
    () => "",
    ({ target }: World) => `organization=${target.organization}`,
    ({ target }: World) => `organization=${target.account}`,
    ({ target }: World) => `account=${target.account}`
  ].map((query) => (world) => ({ path: `/v1/effective-sender?${query(world)}` })),
  "POST /v1/send-plans": [
    ({ target }: World) => ({ from: target.email }),
    ({ target }: World) => ({ from: target.email, organization: target.organization }),
    ({ target, own }: World) => ({ from: target.email.toUpperCase(), organization: own.organization }),
    ({ target }: World) => ({ from: `anybody@${target.domain}` }),
    ({ target }: World) => ({ organization: target.organization }),
    ({ target }: World) => ({ organization: target.account }),
    ({ target }: World) => ({ account: target.account, from: target.email })
  ].map((body) => (world) => ({ path: "/v1/send-plans", body: body(world) })),
  "GET /sender/list": senderLists("/sender/list"),
  "GET /sender": senderLists("/sender"),
  "POST /sender/list": adds("/sender/list"),
  "POST /sender": adds("/sender"),
  "DELETE /sender/{email}": [
    ({ target }) => ({ path: `/sender/${target.email}` }),
    ({ target }) => ({ path: `/sender/${encodeURIComponent(target.email.toUpperCase())}` }),
    ({ target }) => ({ path: `/sender/${target.domain}` }),
    ({ target }) => ({ path: `/sender/${target.sender}` })
  ],
  "GET /verify/{token}": [...links({}), ...links({ headers: { accept: "application/json" } })],
  "POST /verify/{token}": [...links(pressed("confirm")), ...links(pressed("decline")), ...links({ form: {} })],
  "GET /health": [() => ({ path: "/health" })],
  "GET /ready": [({ target }) => ({ path: `/ready?account=${target.account}` })],
  "GET /metrics": [() => ({ path: "/metrics" })]
}

/** How the attacker says who calls. The first is the honest way of the dialect. */
export const credentials: ReadonlyArray<(operation: string, world: World) => Readonly<Record<string, string>>> = [
  (operation, { own, target }) => ({
    authorization: operation.includes(" /sender")
      ? `Basic ${base64(`${target.account}:${own.token}`)}`
      : `Bearer ${own.token}`
  }),
  // The other account is named wherever a user or a second credential may be.
  (_, { own, target }) => ({
    authorization: `Basic ${base64(`${target.account}:${own.token}`)}`,
    "x-account-id": target.account
  }),
  (_, { own, target }) => ({ authorization: `Bearer ${target.revoked}`, "x-access-token": own.token }),
  (_, { target }) => ({ authorization: `Bearer ${target.revoked}` }),
  (_, { target }) => ({ authorization: `Basic ${base64(`${target.account}:${target.revoked}`)}` }),
  (_, { target }) => ({ authorization: `Bearer ${target.keyId}`, "x-access-token": target.revoked }),
  (_, { target }) => ({ authorization: `Basic ${base64(`${target.account}:`)}` })
]
