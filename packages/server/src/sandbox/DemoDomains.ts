/**
 * The domains of the banner's walk and of the tutorial. In the sandbox's DNS they have a strict DMARC policy from the
 * start: only then does `dmarc=pass` say that a mail is signed with the From header's own domain.
 */
import type { DnsRecord } from "@countersign/sandbox"

/** The domain of the banner's walk. The tutorial has its own, because it begins with an address that is new. */
export const bannerDomain = "acme.example"

const demoDomains = [bannerDomain, "shop.example"]

/** The zone with the policies that are not there yet. */
export const withPolicies = (records: ReadonlyArray<DnsRecord>): ReadonlyArray<DnsRecord> => [
  ...records,
  ...demoDomains
    .map((domain) => `_dmarc.${domain}`)
    .filter((name) => records.every((record) => record.name !== name))
    .map((name) => ({ name, type: "TXT", value: "v=DMARC1; p=reject; adkim=s", ttl: 0 }) as const)
]
