/**
 * Records that are not there, or at a name nearby. The title of a test names where the case comes from.
 */
import { describe, expect, it } from "vitest"
import { type Case, told } from "../ZonePicture.ts"

const cases: ReadonlyArray<Case> = [
  {
    source: "catalogue: record_missing_nxdomain",
    zone: "",
    says: `
record-missing-nxdomain
There is no record named one1._domainkey.example.com in the zone example.com at ns1.dns.example.net and ns2.dns.example.net.
Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: record_missing_nodata; records: NXDOMAIN first, later the name exists without a CNAME",
    zone: "one1._domainkey CAA 0 issue",
    says: `
record-missing-nodata
There is no CNAME record named one1._domainkey.example.com in the zone example.com at ns1.dns.example.net and ns2.dns.example.net.
Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: flattened_empty",
    zone: `
@ NS a.ns.cloudflare.com.
one1._domainkey CAA 0 issue`,
    says: `
record-missing-nodata
There is no CNAME record named one1._domainkey.example.com in the zone example.com at a.ns.cloudflare.com.
At Cloudflare, add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org. If it is there already, turn off CNAME flattening for it.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: duplicate_domain_suffix; mailgun/documentation#344, sendgrid/docs#3830",
    zone: "one1._domainkey.example.com CNAME one1.k1.dkim.example.org.",
    says: `
domain-appended-twice | one1._domainkey.example.com.example.com
The record is at one1._domainkey.example.com.example.com: the DNS provider appended example.com to the whole name.
Delete the CNAME record with the host one1._domainkey.example.com and the value one1.k1.dkim.example.org. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org. Enter the host without the domain.
- one1._domainkey.example.com.example.com. 3600 IN CNAME one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: record_on_parent; simple-login/app#1883",
    zone: `
; for mail.example.com
one1._domainkey CNAME one1.k1.dkim.example.org.`,
    says: `
record-on-parent | one1._domainkey.example.com
The record is at one1._domainkey.example.com: that is not below mail.example.com, but below its parent.
Delete the CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org. Add a CNAME record with the host one1._domainkey.mail and the value one1.k1.dkim.example.org.
- one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.
+ one1._domainkey.mail.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: duplicate_domain_suffix, target_suffix_appended",
    zone: "one1._domainkey.example.com CNAME one1.k1.dkim.example.org",
    says: `
domain-appended-twice | one1._domainkey.example.com.example.com
The record is at one1._domainkey.example.com.example.com: the DNS provider appended example.com to the whole name.
Delete the CNAME record with the host one1._domainkey.example.com and the value one1.k1.dkim.example.org.example.com. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org. Enter the host without the domain.
- one1._domainkey.example.com.example.com. 3600 IN CNAME one1.k1.dkim.example.org.example.com.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: missing_domainkey_label",
    zone: "one1 CNAME one1.k1.dkim.example.org.",
    says: `
domainkey-label-missing | one1.example.com
The record is at one1.example.com: the label _domainkey is missing.
Delete the CNAME record with the host one1 and the value one1.k1.dkim.example.org. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
- one1.example.com. 3600 IN CNAME one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: underscore_rejected",
    zone: "one1.domainkey CNAME one1.k1.dkim.example.org.",
    says: `
underscore-missing | one1.domainkey.example.com
The record is at one1.domainkey.example.com: the underscore before domainkey is missing.
Delete the CNAME record with the host one1.domainkey and the value one1.k1.dkim.example.org. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org. If the panel refuses the underscore, ask the DNS provider to add the record.
- one1.domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: record_on_subdomain",
    zone: "one1._domainkey.www CNAME one1.k1.dkim.example.org.",
    says: `
record-on-subdomain | one1._domainkey.www.example.com
The record is at one1._domainkey.www.example.com: that is below a subdomain of example.com.
Delete the CNAME record with the host one1._domainkey.www and the value one1.k1.dkim.example.org. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
- one1._domainkey.www.example.com. 3600 IN CNAME one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: wrong_nameservers (a panel with absolute names)",
    zone: `
@ NS a1-1.akam.net.
@ NS a2-2.akam.net.`,
    says: `
record-missing-nxdomain
There is no record named one1._domainkey.example.com in the zone example.com at a1-1.akam.net and a2-2.akam.net.
At Akamai Edge DNS, add a CNAME record with the name one1._domainkey.example.com and the value one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: wildcard_match; internetstandards/Internet.nl#1025",
    zone: "*._domainkey CNAME www",
    says: `
wildcard-answers | www.example.com
A wildcard record answers for one1._domainkey.example.com (CNAME www.example.com); the record itself is not there.
Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: dname_in_path",
    zone: `
; no other records
_domainkey DNAME keys.example.net.`,
    says: `
dname-above | one1.keys.example.net
A DNAME record above one1._domainkey.example.com redirects it to one1.keys.example.net.
Add a CNAME record with the host one1.keys and the value one1.k1.dkim.example.org. That is in the zone example.net.
+ one1.keys.example.net. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: domain_not_delegated",
    zone: "; not registered",
    says: `
domain-not-delegated of the domain
example.com is not in the DNS: it is not registered, or its registration has lapsed.
Register or renew the domain at its registrar. There is no zone to change before that.`
  },
  {
    source: "catalogue: registrar_hold",
    zone: `
@ NS ns1.suspended-domain.com.
one1._domainkey CNAME one1.k1.dkim.example.org.`,
    says: ""
  }
]

describe("a record that is not there", () => {
  it.each(cases)("$source", ({ zone, more, says }) => {
    expect(told(zone, more)).toBe(says.trim())
  })
})
