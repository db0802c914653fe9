/**
 * What says nothing about the records. The title of a test names where the case comes from.
 */
import { describe, expect, it } from "vitest"
import { type Case, told } from "../ZonePicture.ts"

const cases: ReadonlyArray<Case> = [
  {
    source: "catalogue: servfail, timeout, refused; keybase/keybase-issues#2488",
    zone: `
; 192.0.2.1 answers SERVFAIL
; 192.0.2.2 answers no answer in time`,
    says: `
dns-unavailable
No usable answer came for one1._domainkey.example.com: SERVFAIL (192.0.2.1); no answer in time (192.0.2.2). This says nothing against the record.
There is nothing to change: the next probe asks again.`
  },
  {
    source: "keybase/keybase-issues#2488: 100 h of SERVFAIL on a verified domain",
    zone: `
; 192.0.2.1 answers SERVFAIL
; 192.0.2.2 answers SERVFAIL`,
    more: { verified: true, lastRightAt: 1893321000000 },
    says: `
dns-unavailable
No usable answer came for one1._domainkey.example.com: SERVFAIL (192.0.2.1 and 192.0.2.2). example.com stays verified; its records were last seen right on 2029-12-30 10:30 UTC.
There is nothing to change: the next probe asks again.`
  },
  {
    source: "nodejs/node#33858: a server that is not recursive answers with a referral",
    zone: `
; 192.0.2.1 answers no answer in time
; 192.0.2.2 answers no answer in time
; 192.0.2.53 answers a referral that leads nowhere`,
    more: { verified: true },
    says: `
dns-unavailable
No usable answer came for one1._domainkey.example.com: no answer in time (192.0.2.1 and 192.0.2.2); a referral that leads nowhere (192.0.2.53). example.com stays verified.
There is nothing to change: the next probe asks again.`
  },
  {
    source: "records: one server answers, and no other",
    zone: `
one1._domainkey CNAME one1.dkim.example.org.
; 192.0.2.2 answers REFUSED`,
    says: `
dns-unavailable
one1._domainkey.example.com is right at 192.0.2.1, but no second server confirms it: REFUSED (192.0.2.2). This says nothing against the record.
There is nothing to change: the next probe asks again.`
  },
  {
    source: "keybase/keybase-issues#2488: a target behind an alias that cannot be asked for",
    zone: `
one1._domainkey CNAME alias.example.net.
alias.example.net. CNAME one1.dkim.example.org.
; 192.0.2.1 is silent about alias.example.net.
; 192.0.2.2 is silent about alias.example.net.`,
    says: `
dns-unavailable
No usable answer came for alias.example.net: no answer in time (192.0.2.1 and 192.0.2.2). This says nothing against the record.
There is nothing to change: the next probe asks again.`
  },
  {
    source: "records: the zone's servers answer, and no resolver gets through",
    zone: `
one1._domainkey CNAME one1.dkim.example.org.
; 192.0.2.53 answers SERVFAIL`,
    says: `
dns-unavailable
one1._domainkey.example.com is right at 192.0.2.1 and 192.0.2.2, but resolvers get no answer: SERVFAIL (192.0.2.53). This says nothing against the record.
There is nothing to change: the next probe asks again.`
  },
  {
    source: "catalogue: lame_delegation",
    zone: `
; 192.0.2.1 answers a referral that leads nowhere
; 192.0.2.2 answers REFUSED`,
    says: `
lame-delegation
example.com is delegated to servers that do not answer for it: a referral that leads nowhere (192.0.2.1); REFUSED (192.0.2.2). This says nothing against the record.
At the registrar, name only the servers that serve example.com.`
  },
  {
    source: "catalogue: dnssec_bogus",
    zone: `
one1._domainkey CNAME one1.dkim.example.org.
; 192.0.2.53 answers SERVFAIL (bogus)`,
    says: `
dnssec-broken
DNSSEC of example.com is broken: with validation no answer comes, without it one does (192.0.2.53). This says nothing against the record.
Have example.com signed again, or remove its DS record at the registrar. Until then many receivers see none of its records.`
  },
  {
    source: "catalogue: private_domain, split_horizon",
    zone: `
; 192.0.2.1 answers the name servers have private addresses
; 192.0.2.2 answers the name servers have private addresses`,
    says: `
name-servers-private
The internet cannot reach the name servers of example.com, which have private addresses: 192.0.2.1 and 192.0.2.2. This says nothing against the record.
Publish the records in the public zone of the domain, on name servers with public addresses.`
  },
  {
    source: "catalogue: secondary_out_of_sync",
    zone: `
one1._domainkey CNAME one1.dkim.example.org.
; 192.0.2.2 lacks one1._domainkey
; 192.0.2.2 has @ SOA ns1.dns.example.net. host.example.net. 6 7200 3600 1209600 300`,
    says: `
servers-disagree
The name servers do not agree: one1._domainkey.example.com is right at 192.0.2.1, but not at 192.0.2.2. The zone's serials are 7 at 192.0.2.1 and 6 at 192.0.2.2. This says nothing against the record.
There is nothing to change: the DNS provider is still copying the zone. Ask the provider if it lasts.`
  },
  {
    source: "catalogue: secondary_out_of_sync (behind an alias)",
    zone: `
one1._domainkey CNAME alias
alias CNAME one1.dkim.example.org.
; 192.0.2.2 has alias CNAME elsewhere.example.net.`,
    says: `
servers-disagree
The name servers do not agree: alias.example.com leads to different names. This says nothing against the record.
There is nothing to change: the DNS provider is still copying the zone. Ask the provider if it lasts.`
  }
]

describe("nobody's answer is enough", () => {
  it.each(cases)("$source", ({ zone, more, says }) => {
    expect(told(zone, more)).toBe(says.trim())
  })
})
