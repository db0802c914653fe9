/**
 * What excludes the CNAME at its name. The title of a test names where the case comes from.
 */
import { describe, expect, it } from "vitest"
import { type Case, told } from "../ZonePicture.ts"

const cases: ReadonlyArray<Case> = [
  {
    source: "catalogue: multiple_cnames",
    zone: `
one1._domainkey CNAME one1.k1.dkim.example.org.
one1._domainkey CNAME old.example.net.`,
    says: `
several-cnames | old.example.net | one1.k1.dkim.example.org
one1._domainkey.example.com has 2 CNAME records, to old.example.net and one1.k1.dkim.example.org; it may have only one.
Delete the CNAME record with the host one1._domainkey and the value old.example.net.
- one1._domainkey.example.com. 3600 IN CNAME old.example.net.`
  },
  {
    source: "catalogue: multiple_cnames (none of them right)",
    zone: `
one1._domainkey CNAME new.example.net.
one1._domainkey CNAME old.example.net.`,
    says: `
several-cnames | new.example.net | old.example.net
one1._domainkey.example.com has 2 CNAME records, to new.example.net and old.example.net; it may have only one.
Delete the CNAME record with the host one1._domainkey and the value new.example.net. Delete the CNAME record with the host one1._domainkey and the value old.example.net. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
- one1._domainkey.example.com. 3600 IN CNAME new.example.net.
- one1._domainkey.example.com. 3600 IN CNAME old.example.net.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: wrong_record_type_txt",
    zone: "one1._domainkey TXT one1.k1.dkim.example.org.",
    says: `
txt-instead-of-cname | TXT one1.k1.dkim.example.org.
one1._domainkey.example.com has TXT one1.k1.dkim.example.org. in place of the CNAME.
Delete the TXT record with the host one1._domainkey and the value one1.k1.dkim.example.org. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
- one1._domainkey.example.com. 3600 IN TXT "one1.k1.dkim.example.org."
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "records: a TXT with a NUL where the CNAME was",
    zone: "one1._domainkey TXT \\000\\000",
    says: `
txt-instead-of-cname | TXT \\000\\000
one1._domainkey.example.com has TXT \\000\\000 in place of the CNAME.
Delete the TXT record with the host one1._domainkey and the value \\000\\000. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
- one1._domainkey.example.com. 3600 IN TXT "\\000\\000"
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: key_missing_p, key_revoked, key_mismatch, multiple_dkim_txt",
    zone: "one1._domainkey TXT v=DKIM1; p=OTHER",
    says: `
key-instead-of-cname | TXT v=DKIM1; p=OTHER
one1._domainkey.example.com has a DKIM key as a TXT record in place of the CNAME. The key has to come from one1.k1.dkim.example.org.
Delete the TXT record with the host one1._domainkey and the value v=DKIM1; p=OTHER. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
- one1._domainkey.example.com. 3600 IN TXT "v=DKIM1; p=OTHER"
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: wrong_record_type_a; postalserver/postal#154",
    zone: `
one1._domainkey A 192.0.2.80
one1._domainkey AAAA 2001:db8::80`,
    says: `
address-instead-of-cname | A 192.0.2.80 | AAAA 2001:db8::80
one1._domainkey.example.com has A 192.0.2.80 and AAAA 2001:db8::80 in place of the CNAME.
Delete the A record with the host one1._domainkey and the value 192.0.2.80. Delete the AAAA record with the host one1._domainkey and the value 2001:db8::80. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org. If the panel shows a CNAME there, turn off its proxy or flattening instead.
- one1._domainkey.example.com. 3600 IN A 192.0.2.80
- one1._domainkey.example.com. 3600 IN AAAA 2001:db8::80
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: cloudflare_proxied; MicrosoftDocs/OfficeDocs-o365seccomp#950",
    zone: `
@ NS a.ns.cloudflare.com.
one1._domainkey A 104.16.0.1`,
    says: `
cname-proxied | A 104.16.0.1
one1._domainkey.example.com answers with addresses of Cloudflare in place of the CNAME: the record is proxied.
At Cloudflare, change the value of the CNAME record with the host one1._domainkey to one1.k1.dkim.example.org. For this record, set the proxy status to DNS only.
~ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: wrong_record_type_a (at a provider with a proxy)",
    zone: `
@ NS a.ns.cloudflare.com.
one1._domainkey A 192.0.2.80`,
    says: `
address-instead-of-cname | A 192.0.2.80
one1._domainkey.example.com has A 192.0.2.80 in place of the CNAME.
At Cloudflare, delete the A record with the host one1._domainkey and the value 192.0.2.80. Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org. If the panel shows a CNAME there, turn off its proxy or flattening instead.
- one1._domainkey.example.com. 3600 IN A 192.0.2.80
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  },
  {
    source: "catalogue: wildcard_match (addresses)",
    zone: "*._domainkey A 192.0.2.80",
    says: `
wildcard-answers | A 192.0.2.80
A wildcard record answers for one1._domainkey.example.com (A 192.0.2.80); the record itself is not there.
Add a CNAME record with the host one1._domainkey and the value one1.k1.dkim.example.org.
+ one1._domainkey.example.com. 3600 IN CNAME one1.k1.dkim.example.org.`
  }
]

describe("something in place of the CNAME", () => {
  it.each(cases)("$source", ({ zone, more, says }) => {
    expect(told(zone, more)).toBe(says.trim())
  })
})
