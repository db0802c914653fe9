/**
 * The send plan: which From one mail may have now, what it is signed with, and why it is not what was asked for.
 *
 * Pure: made from what is known of the senders and of the key ring. `SendPlans` knows whether that is fresh.
 */
import {
  type DomainName,
  type KeyRing,
  type KeySlot,
  keySlots,
  mayTakeOverFrom,
  type SenderId
} from "@countersign/core"
import type { ListedSender } from "../ports/SenderDirectory.ts"

/** Why a mail cannot be sent as planned. A blocker is about a sender, an obstacle about one mail. */
export interface Obstacle {
  readonly code:
    | "no-active-sender"
    | "from-not-a-sender"
    | "sender-not-active"
    | "record-of-the-key-missing"
    | "signing-key-unpublished"
    | "storage-unavailable"
  /** One sentence for the person who can change it. */
  readonly message: string
}

/** What a mail is signed with (RFC 6376): `domain` is its `d=`, `selector` its `s=`. */
export interface SignWith {
  readonly domain: DomainName
  readonly selector: string
  readonly slot: KeySlot
}

/** See the top of the file. */
export interface SendPlan {
  /** The From header's address, as it was confirmed; `undefined` when nothing may be sent. */
  readonly from: string | undefined
  /** Only with a fallback. */
  readonly replyTo: string | undefined
  /** `undefined`: the mail is not signed with a customer's key. */
  readonly sign: SignWith | undefined
  readonly sender: SenderId | undefined
  readonly reason: "active" | "fallback"
  readonly obstacles: ReadonlyArray<Obstacle>
  /** Milliseconds since the epoch. After this time the plan has to be asked for again. */
  readonly validUntil: number
}

export const obstacle = (code: Obstacle["code"], message: string): Obstacle => ({ code, message })

/** The slot to sign with: the one that signs by default, or another one whose key is seen and whose record is right. */
export const slotFor = (ring: KeyRing, sender: ListedSender, now: number): KeySlot | Obstacle => {
  const { domain, plan, verdicts } = sender
  // The default slot's key was seen for long enough when signing moved there; of another one, caches may hold the last.
  const isPublished = (slot: KeySlot) =>
    slot === ring.signing
      ? ring.slots[slot].key?.seenSince !== undefined
      : (mayTakeOverFrom(ring, slot) ?? Number.POSITIVE_INFINITY) <= now
  // A verified domain has no verdicts: all its records were right. A degraded one has those that are wrong.
  const isRight = (slot: KeySlot) => {
    const name = plan.records[slot - 1]?.name
    const known = verdicts.find((verdict) => verdict.name === name)?.verdict
    return name !== undefined && (known === undefined || known === "valid" || known === "indeterminate")
  }
  const published = [ring.signing, ...keySlots].filter((slot) => slot !== undefined && isPublished(slot))
  if (published.length === 0) {
    return obstacle(
      "signing-key-unpublished",
      "The signing key is not published. That is on the side of the service: there is nothing for you to do."
    )
  }
  return (
    published.find((slot) => slot !== undefined && isRight(slot)) ??
    obstacle(
      "record-of-the-key-missing",
      `The CNAME records of ${domain} that the published keys need are missing or wrong: publish them again.`
    )
  )
}
