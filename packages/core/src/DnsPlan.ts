/**
 * The DNS plan: the records that a domain's owner must publish before mail from the domain may be signed.
 *
 * A plan is made once per added sender, from the tokens of its account and domain, and is written into `SenderAdded`,
 * so that a later change of the zone never changes what a customer was told.
 */
import { Schema } from "effect"

/** One record to publish. `name` and `value` are lower-case A-labels without a trailing dot. */
export const DnsRecord = Schema.Struct({ type: Schema.Literal("CNAME"), name: Schema.String, value: Schema.String })
export type DnsRecord = typeof DnsRecord.Type

/**
 * `tokens` are the DKIM selectors (RFC 6376, section 3.1), `zone` is where the signing keys are served. `shape` tells
 * how the records follow from them; 1 is slots.
 */
export const DnsPlan = Schema.Struct({
  shape: Schema.Literal(1),
  zone: Schema.String,
  tokens: Schema.Array(Schema.String),
  records: Schema.Array(DnsRecord)
})
export type DnsPlan = typeof DnsPlan.Type

/**
 * `<token>._domainkey.<domain> CNAME <token>.k<slot>.<zone>`, one record for each slot of the key ring, from 1 on.
 *
 * The name of the slot stands between the customer's token and the zone, so that one wildcard per slot serves every
 * customer, and a key can be replaced in one slot while another one signs.
 */
export const makeDnsPlan = (domain: string, tokens: ReadonlyArray<string>, zone: string): DnsPlan => ({
  shape: 1,
  zone,
  tokens,
  records: tokens.map((token, index) => ({
    type: "CNAME",
    name: `${token}._domainkey.${domain}`,
    value: `${token}.${slotZone(index + 1, zone)}`
  }))
})

/** The name below which the key of a slot is served to every customer. */
export const slotZone = (slot: number, zone: string): string => `k${slot}.${zone}`

/**
 * Tells plans apart by their records. What is seen for one plan, and a proof, count for every plan with the same key
 * and for no other: another zone or other tokens are other records.
 */
export const planKey = ({ records }: DnsPlan): string =>
  records.map(({ type, name, value }) => `${name} ${type} ${value}`).join("\n")

/**
 * A plan as it is stored: without the records when they follow from the tokens and the zone, as they do for every plan
 * made so far.
 */
export interface CompactDnsPlan extends Omit<DnsPlan, "records"> {
  readonly records?: DnsPlan["records"]
}

/** What of a domain's plan need be stored. */
export const compactDnsPlan = (domain: string, plan: DnsPlan): CompactDnsPlan => {
  const { shape, zone, tokens, records } = plan
  const made = makeDnsPlan(domain, tokens, zone).records
  const follow =
    made.length === records.length &&
    made.every(({ type, name, value }, index) => {
      const record = records[index]
      return record?.type === type && record.name === name && record.value === value
    })
  return follow ? { shape, zone, tokens } : plan
}

/** The plan again that `compactDnsPlan` was given. */
export const wholeDnsPlan = (domain: string, { shape, zone, tokens, records }: CompactDnsPlan): DnsPlan =>
  records === undefined ? makeDnsPlan(domain, tokens, zone) : { shape, zone, tokens, records }

/**
 * The longest domain that leaves room for a DKIM selector of `tokenLength` characters in a name of 253
 * (RFC 1035, section 2.3.4).
 */
export const longestPlannableDomain = (tokenLength: number): number => 253 - tokenLength - "._domainkey.".length
