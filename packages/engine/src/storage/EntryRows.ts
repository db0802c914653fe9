/**
 * Entries of the directory out of their rows. What a filter asks for has a column; the rest of an entry is one JSON
 * text.
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
import { Brand } from "effect"
import type { StoredStream } from "../ports/Maintenance.ts"
import type { ListedSender } from "../ports/SenderDirectory.ts"
import { type Row, readInteger, readOptionalInteger, readText } from "./Columns.ts"

// What is stored was checked when it came in.
const accountId = Brand.nominal<AccountId>()
const canonicalAddress = Brand.nominal<CanonicalAddress>()
const domainName = Brand.nominal<DomainName>()
const senderId = Brand.nominal<SenderId>()

type Body = Pick<SenderEntry, "owner" | "address" | "mailbox" | "domainState" | "domainSince" | "verdicts"> & {
  readonly plan: CompactDnsPlan
}

/** What of an entry no filter asks for, as one JSON text. */
export const encodeEntryJson = (entry: SenderEntry): string => {
  const { owner, address, mailbox, domainState, domainSince, verdicts, plan, domain } = entry
  const body: Body = { owner, address, mailbox, domainState, domainSince, verdicts, plan: compactDnsPlan(domain, plan) }
  return JSON.stringify(body)
}

/** What a filter compares a value of metadata by: a string itself, anything else its JSON text. */
export const metadataText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** Every value of metadata by its key, as a filter compares it. */
export const metadataTexts = (metadata: SenderEntry["metadata"]): ReadonlyArray<readonly [string, string]> =>
  Object.entries(metadata).map(([key, value]) => [key, metadataText(value)])

/** The columns that `decodeEntry` reads, of `senders s` and `streams t`. */
export const entryColumns = `t.stream AS sender, s.position, s.kind, s.status, s.domain, s.canonical,
  s.incarnation, s.added_at, s.updated_at, s.metadata, s.body`

/** The entry of a row. `account` is the one that was asked for. */
export const decodeEntry = (account: string, row: Row): ListedSender => {
  const domain = domainName(readText(row, "domain"))
  // JSON that an adapter wrote from values of exactly these types; nobody else writes to the tables.
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
    addedAt: readInteger(row, "added_at"),
    updatedAt: readInteger(row, "updated_at"),
    position: readInteger(row, "position")
  }
}

/**
 * A stream with its entry: `entryColumns`, the stream's `version`, and the entry's `account` and `view_version`, NULL
 * without an entry.
 */
export const decodeStream = (row: Row): StoredStream => {
  const view = readOptionalInteger(row, "view_version")
  return {
    stream: readText(row, "sender"),
    version: readInteger(row, "version"),
    entry: view === undefined ? undefined : decodeEntry(readText(row, "account"), row),
    view: view ?? 0
  }
}
