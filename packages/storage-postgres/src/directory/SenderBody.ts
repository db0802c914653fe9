/**
 * What of a directory entry no filter asks for, as one JSON text; and the whole entry out of its row again.
 */
import {
  type AccountId,
  type CanonicalAddress,
  type CompactDnsPlan,
  compactDnsPlan,
  type DomainName,
  type SenderEntry,
  type SenderId,
  wholeDnsPlan
} from "@countersign/core"
import type { ListedSender } from "@countersign/engine"
import { Brand } from "effect"
import { type Row, readInteger, readText } from "../connection/Columns.ts"

interface Body extends Pick<SenderEntry, "owner" | "address" | "mailbox" | "domainState" | "domainSince" | "verdicts"> {
  readonly plan: CompactDnsPlan
}

export const encodeBody = (entry: SenderEntry): string => {
  const { owner, address, mailbox, domainState, domainSince, verdicts, plan, domain } = entry
  const body: Body = {
    owner,
    address,
    mailbox,
    domainState,
    domainSince,
    verdicts,
    plan: compactDnsPlan(domain, plan)
  }
  return JSON.stringify(body)
}

/** The columns that `decodeSender` reads, of `senders s` and `streams t`. */
export const listedColumns = `t.stream AS sender, s.position, s.kind, s.status, s.domain, s.canonical,
  s.incarnation, s.created_at, s.updated_at, s.metadata, s.body`

// What an entry had when it was written is not checked again.
const senderId = Brand.nominal<SenderId>()
const accountId = Brand.nominal<AccountId>()
const canonicalAddress = Brand.nominal<CanonicalAddress>()
const domainName = Brand.nominal<DomainName>()

/** The entry of a row. `account` is the one that was asked for. */
export const decodeSender = (account: string, row: Row): ListedSender => {
  const domain = domainName(readText(row, "domain"))
  // JSON that `CommitBatch` wrote from values of exactly these types; nobody else writes to the tables.
  const { plan, ...body } = JSON.parse(readText(row, "body")) as Body
  const metadata = JSON.parse(readText(row, "metadata")) as SenderEntry["metadata"]
  return {
    id: senderId(readText(row, "sender")),
    account: accountId(account),
    // As in the two lines above: columns written from an entry's fields.
    kind: readText(row, "kind") as SenderEntry["kind"],
    canonical: canonicalAddress(readText(row, "canonical")),
    domain,
    status: readText(row, "status") as SenderEntry["status"],
    ...body,
    plan: wholeDnsPlan(domain, plan),
    metadata,
    incarnation: readInteger(row, "incarnation"),
    addedAt: readInteger(row, "created_at"),
    updatedAt: readInteger(row, "updated_at"),
    position: readInteger(row, "position")
  }
}
