/**
 * Senders in the words of the native dialect. Pure.
 */
import { type Blocker, entryBlockers, hostOf, type Link, registrableDomain, type SenderEntry } from "@countersign/core"
import type { SenderReport } from "@countersign/engine"
import { isoTime, isoTimeOrNull } from "../../FindingBody.ts"
import type { ListedSender, Sender } from "./Sender.ts"

/** What is shown of a sender, whether it comes from the directory or from its events. */
export interface Shown
  extends Pick<
    SenderEntry,
    | ("owner" | "kind" | "address" | "domain" | "mailbox" | "domainState" | "verdicts" | "plan" | "metadata")
    | ("addedAt" | "updatedAt")
  > {
  readonly id: string
  readonly status: ListedSender["status"]
}

/** What only a sender that is shown alone has. Times are milliseconds since the epoch. */
export interface Details {
  readonly blockers: ReadonlyArray<Blocker>
  readonly mailboxSince: number
  readonly domainSince: number
  readonly link: Link | undefined
}

/** As lists show it, from its row alone: the verdicts are those that last changed something. */
export const listedBody = (
  sender: Shown,
  blockers: ReadonlyArray<Blocker> = entryBlockers(sender),
  records: ListedSender["records"] = recordsOf(sender)
): ListedSender => ({
  id: sender.id,
  ...(sender.kind === "domain" ? { domain: sender.address } : { address: sender.address }),
  organization: sender.owner._tag === "Organization" ? sender.owner.organization : null,
  status: sender.status,
  mailbox: sender.mailbox,
  domainState: sender.domainState,
  blockers,
  records,
  metadata: sender.metadata,
  addedAt: isoTime(sender.addedAt),
  updatedAt: isoTime(sender.updatedAt)
})

/** Alone, with the verdicts of the last probe where it was made. */
export const reportBody = (report: SenderReport): Sender => {
  const { sender, records } = report
  const known = recordsOf(sender)
  return senderBody(
    sender,
    { ...report, domainSince: sender.domainSince },
    records.map(({ type, name, host, value, verdict }, index) => ({
      type,
      name,
      host,
      value,
      verdict: verdict ?? known[index]?.verdict ?? null
    }))
  )
}

export const senderBody = (
  sender: Shown,
  { blockers, mailboxSince, domainSince, link }: Details,
  records?: ListedSender["records"]
): Sender => ({
  ...listedBody(sender, blockers, records),
  mailboxSince: isoTime(mailboxSince),
  domainSince: isoTime(domainSince),
  link: link === undefined ? null : { sentAt: isoTimeOrNull(link.sentAt), expiresAt: isoTime(link.expiresAt) }
})

const recordsOf = ({ plan, domain, domainState, verdicts }: Shown): ListedSender["records"] => {
  const zone = registrableDomain(domain)
  const right = domainState === "verified" ? "valid" : null
  return plan.records.map(({ type, name, value }) => ({
    type,
    name,
    host: hostOf(name, zone),
    value,
    verdict: verdicts.find((verdict) => verdict.name === name)?.verdict ?? right
  }))
}
