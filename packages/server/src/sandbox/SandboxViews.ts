/**
 * What the sandbox shows as JSON. The members of `/sandbox.json`, the inbox and the zone are a contract with programs
 * that drive the sandbox; `/sandbox/senders.json` is for the sandbox's own page.
 */
import { Senders } from "@countersign/engine"
import type { DnsRecord, ReceivedMessage } from "@countersign/sandbox"
import { Effect, Redacted } from "effect"
import { DemoAccount } from "./DemoAccount.ts"
import { SandboxRelay } from "./SandboxRelay.ts"
import { SandboxServers } from "./SandboxServers.ts"

/** `/sandbox.json`. */
export const overview = Effect.gen(function* () {
  const { account, organization, accessToken } = yield* DemoAccount
  const { smtp, dns } = yield* SandboxServers
  const relay = yield* SandboxRelay
  const servers = { smtp: smtp.address, dns: dns.address, relay: relay.address }
  return { account, organization, accessToken: Redacted.value(accessToken), ...servers }
})

const messageView = ({ id, from, to, subject, text, html, receivedAt, raw }: ReceivedMessage) => ({
  id,
  from,
  to,
  subject,
  text,
  html,
  receivedAt,
  raw
})

/** `/sandbox/inbox.json`, newest first. */
export const inbox = Effect.gen(function* () {
  const { smtp, authentication } = yield* SandboxServers
  return {
    messages: yield* Effect.forEach(
      yield* smtp.messages,
      (message) =>
        Effect.map(authentication(message), (verdict) => ({ ...messageView(message), authentication: verdict })),
      { concurrency: 16 }
    )
  }
})

/** `/sandbox/dns.json`. */
export const zone = Effect.gen(function* () {
  const { dns } = yield* SandboxServers
  const records: ReadonlyArray<DnsRecord> = yield* dns.zone.list
  return { records }
})

const shownSenders = 50

/** `/sandbox/senders.json`: the newest senders of the demo account, and why each is or is not active. */
export const senders = Effect.gen(function* () {
  const { account, organization } = yield* DemoAccount
  const service = yield* Senders
  const listed = yield* service.list({ account: account.id, order: "newest-first", offset: 0, limit: shownSenders })
  const reports = yield* Effect.forEach(listed, ({ id: sender }) =>
    // Removed after the list was read: not shown.
    service
      .status({ account: account.id, id: sender })
      .pipe(Effect.catchTag("SenderNotFound", () => Effect.succeed(undefined)))
  )
  return {
    senders: reports
      .filter((report) => report !== undefined)
      .map(({ sender, status, blockers, findings }) => ({
        id: sender.id,
        address: sender.address,
        kind: sender.kind,
        owner: sender.owner._tag === "Account" ? "account" : "organization",
        /** Whether the page's own organization is meant, and not another one of the account. */
        ofDemo: sender.owner._tag === "Account" || sender.owner.organization === organization.id,
        status,
        mailbox: sender.mailbox,
        domain: sender.domain,
        domainState: sender.domainState,
        records: sender.plan.records,
        blockers,
        findings: findings.map(({ code, message, fix }) => ({ code, message, fix }))
      }))
  }
})
