/**
 * The codes of findings, each with its class. Stable: programs may compare them. `docs/reference/findings.md` has, for
 * each, the zone that causes it.
 */
import type { FindingClass } from "./Finding.ts"

/** Every code there is. */
export const findingClasses = {
  // Nothing is there.
  "record-missing-nxdomain": "missing",
  "record-missing-nodata": "missing",
  "domain-appended-twice": "missing",
  "domainkey-label-missing": "missing",
  "underscore-missing": "missing",
  "record-on-parent": "missing",
  "record-on-subdomain": "missing",
  "wildcard-answers": "missing",
  "domain-not-delegated": "missing",
  "domain-on-hold": "missing",
  // Something else is there.
  "target-mismatch": "mismatch",
  "target-suffix-appended": "mismatch",
  "target-truncated": "mismatch",
  "target-has-spaces": "mismatch",
  "target-typo": "mismatch",
  "target-one-label": "mismatch",
  "target-of-other-vendor": "mismatch",
  "target-of-other-setup": "mismatch",
  "targets-swapped": "mismatch",
  "alias-chain-too-long": "mismatch",
  "alias-loop": "mismatch",
  "dname-above": "mismatch",
  // What is there excludes the CNAME.
  "several-cnames": "conflict",
  "txt-instead-of-cname": "conflict",
  "key-instead-of-cname": "conflict",
  "address-instead-of-cname": "conflict",
  "cname-proxied": "conflict",
  // Nobody could be asked: it says nothing about the record.
  "dns-unavailable": "could-not-ask",
  "lame-delegation": "could-not-ask",
  "dnssec-broken": "could-not-ask",
  "name-servers-private": "could-not-ask",
  "servers-disagree": "could-not-ask",
  "our-target-missing": "could-not-ask",
  // Good to know.
  "cname-flattened": "advisory",
  "alias-chain": "advisory",
  "records-beside-cname": "advisory",
  "not-yet-in-caches": "advisory",
  "ttl-too-long": "advisory",
  "records-delegated": "advisory",
  "record-wrong-since-verified": "advisory",
  "dmarc-missing": "advisory",
  "dmarc-invalid": "advisory",
  "dmarc-strict": "advisory",
  "spf-not-needed": "advisory",
  "null-mx": "advisory",
  "no-mail-exchanger": "advisory"
} as const satisfies { readonly [code: string]: FindingClass }

/** A finding's code. */
export type FindingCode = keyof typeof findingClasses
