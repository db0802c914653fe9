/**
 * The records that the operator publishes: one wildcard TXT for each slot of the key ring, whichever DNS host has the
 * zone. With a 2048-bit key a record has 410 characters, which are two strings (RFC 1035, section 3.3.14).
 */
import { type KeyRing, type KeySlot, keySlots, slotZone } from "@countersign/core"

/** One record to publish. */
export interface KeyRecord {
  readonly slot: KeySlot
  readonly name: string
  readonly type: "TXT"
  /** Seconds. */
  readonly ttl: number
  readonly value: string
  /** The value as the strings that a TXT record is made of. */
  readonly strings: ReadonlyArray<string>
}

const ttl = 3_600
const longestString = 255

/** The key record of a public key (RFC 6376, section 3.6.1). */
export const keyRecordOf = (publicKey: string): string => `v=DKIM1; k=rsa; p=${publicKey}`

/** The records of the keys that the slots have. */
export const keyRecords = ({ slots }: KeyRing, zone: string): ReadonlyArray<KeyRecord> =>
  keySlots.flatMap((slot) => {
    const { key } = slots[slot]
    if (key === undefined) return []
    const value = keyRecordOf(key.publicKey)
    const strings = value.match(new RegExp(`.{1,${longestString}}`, "g")) ?? []
    return [{ slot, name: `*.${slotZone(slot, zone)}`, type: "TXT", ttl, value, strings }]
  })

/** As lines of a zone file (RFC 1035, section 5). */
export const zoneFileOf = (records: ReadonlyArray<KeyRecord>): string =>
  records
    .map(({ name, type, strings }) => `${name}. ${ttl} IN ${type} ${strings.map((text) => `"${text}"`).join(" ")}`)
    .join("\n")

/** As a table to type into a form: hosts that take one string take the two joined, without a space. */
export const tableOf = (records: ReadonlyArray<KeyRecord>): string =>
  records
    .map(({ slot, name, type, strings }) =>
      [
        `Slot ${slot}`,
        `  name   ${name}`,
        `  type   ${type}`,
        `  TTL    ${ttl}`,
        `  value  ${strings.join("\n         ")}`
      ].join("\n")
    )
    .join("\n\n")
