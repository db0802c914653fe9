/**
 * What is good to know about the domain. The title of a test names where the case comes from.
 */
import { describe, expect, it } from "vitest"
import { type Case, told } from "../ZonePicture.ts"

const cases: ReadonlyArray<Case> = [
  {
    source: "catalogue: delegated_subzone",
    zone: "_domainkey NS ns1.keys.example.net.",
    says: `
record-missing-nxdomain
There is no record named one1._domainkey.example.com in the zone _domainkey.example.com at ns1.keys.example.net.
Add a CNAME record with the host one1 and the value one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.
records-delegated of the domain
The names below _domainkey.example.com are a zone of their own, at ns1.keys.example.net.
Make the changes in the zone _domainkey.example.com. In the zone of example.com they have no effect.`
  },
  {
    source: "simple-login/app#1334: one of three removed after verification",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME`,
    more: { verified: true },
    says: `
record-wrong-since-verified of the domain
example.com is still verified, but 1 of its 3 records is wrong now: two2._domainkey.example.com.
Put right what the other findings name, or the domain loses its verification.`
  },
  {
    source: "records: active domain whose records are wrong now",
    zone: "; no three3._domainkey CNAME",
    more: { verified: true },
    says: `
record-missing-nxdomain
There is no record named one1._domainkey.example.com in the zone example.com at ns1.dns.example.net and ns2.dns.example.net.
Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.
record-wrong-since-verified of the domain
example.com is still verified, but 2 of its 3 records are wrong now: one1._domainkey.example.com and three3._domainkey.example.com.
Put right what the other findings name, or the domain loses its verification.`
  },
  {
    source: "catalogue: dmarc_missing",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME
; no _dmarc TXT`,
    says: `
dmarc-missing of the domain
example.com has no DMARC record. Verification needs none, but large mailbox providers expect one of bulk senders.
Add a TXT record with the host _dmarc and the value v=DMARC1; p=none.
+ _dmarc.example.com. 3600 IN TXT "v=DMARC1; p=none"`
  },
  {
    source: "catalogue: dmarc_multiple",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME
_dmarc TXT v=DMARC1; p=none
_dmarc TXT v=DMARC1; p=reject`,
    says: `
dmarc-invalid of the domain | v=DMARC1; p=none | v=DMARC1; p=reject
Receivers ignore DMARC at _dmarc.example.com: there are 2 DMARC records, and only one may be there.
Keep one TXT record at _dmarc.example.com that begins with v=DMARC1; p=none, p=quarantine or p=reject.`
  },
  {
    source: "catalogue: dmarc_invalid",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME
_dmarc TXT v=DMARC1; p=rejcet`,
    says: `
dmarc-invalid of the domain | v=DMARC1; p=rejcet
Receivers ignore DMARC at _dmarc.example.com: p=rejcet is no policy.
Keep one TXT record at _dmarc.example.com that begins with v=DMARC1; p=none, p=quarantine or p=reject.`
  },
  {
    source: "catalogue: dmarc_reject_unaligned",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME
_dmarc TXT v=DMARC1; p=reject`,
    says: `
dmarc-strict of the domain | v=DMARC1; p=reject
DMARC at _dmarc.example.com tells receivers to refuse mail that is not signed for example.com.
There is nothing to change. Send nothing through this service before the sender is active.`
  },
  {
    source: "catalogue: dmarc_reject_unaligned (quarantine)",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME
_dmarc TXT v=DMARC1; p=quarantine`,
    says: `
dmarc-strict of the domain | v=DMARC1; p=quarantine
DMARC at _dmarc.example.com tells receivers to treat as spam mail that is not signed for example.com.
There is nothing to change. Send nothing through this service before the sender is active.`
  },
  {
    source: "catalogue: spf_missing_include, spf_multiple, spf_over_10_lookups, spf_permerror",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME
@ TXT v=spf1 -all`,
    says: `
spf-not-needed of the domain | v=spf1 -all
example.com has an SPF record. It need not name this service: SPF is checked for the return path, which is in a domain of the service, and DMARC passes by the signature.
There is nothing to change in the SPF record.`
  },
  {
    source: "catalogue: mx_missing_for_mailbox (null MX)",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME
@ MX 0 .`,
    says: `
null-mx of the domain | 0 .
example.com takes no mail (null MX): the confirmation mail cannot arrive.
Use an address whose domain receives mail, or add an MX record of a mail server that takes it.`
  },
  {
    source: "catalogue: mx_missing_for_mailbox (none)",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
; no two2._domainkey CNAME
; no @ MX`,
    says: `
no-mail-exchanger of the domain
example.com has neither an MX record nor an address: the confirmation mail cannot arrive.
Use an address whose domain receives mail, or add an MX record of a mail server that takes it.`
  }
]

describe("the domain", () => {
  it.each(cases)("$source", ({ zone, more, says }) => {
    expect(told(zone, more)).toBe(says.trim())
  })
})
