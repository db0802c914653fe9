/**
 * What is good to know about a record that is right. The title of a test names where the case comes from.
 */
import { describe, expect, it } from "vitest"
import { type Case, told } from "../ZonePicture.ts"

const cases: ReadonlyArray<Case> = [
  { source: "catalogue: case_or_dot_only", zone: "one1._domainkey CNAME one1.dkim.example.org.", says: "" },
  {
    source: "catalogue: our_target_broken",
    zone: `
one1._domainkey CNAME one1.dkim.example.org.
; no two2._domainkey CNAME
; no one1.dkim.example.org. TXT`,
    says: `
our-target-missing
one1._domainkey.example.com is right, but there is no key at one1.dkim.example.org yet.
There is nothing to change in the zone: the service that signs has to publish its key.`
  },
  {
    source: "catalogue: cname_flattened; MicrosoftDocs/OfficeDocs-o365seccomp#950",
    zone: "one1._domainkey TXT v=DKIM1; p=KEY1",
    says: `
cname-flattened
one1._domainkey.example.com has no CNAME, but the key of one1.dkim.example.org: the DNS provider follows the CNAME itself. This works.
There is nothing to change. Turn off flattening for this record if new keys should count at once.`
  },
  {
    source: "catalogue: cname_flattened (at a provider that names it)",
    zone: `
@ NS a.ns.cloudflare.com.
one1._domainkey TXT v=DKIM1; p=KEY1
; no two2._domainkey CNAME`,
    says: `
cname-flattened
one1._domainkey.example.com has no CNAME, but the key of one1.dkim.example.org: the DNS provider follows the CNAME itself. This works.
There is nothing to change. Turn off CNAME flattening for this record if new keys should count at once.`
  },
  {
    source: "catalogue: cname_chain",
    zone: `
one1._domainkey CNAME alias
alias CNAME one1.dkim.example.org.`,
    says: `
alias-chain
one1._domainkey.example.com leads to one1.dkim.example.org over alias.example.com. It works as long as each of them does.
There is nothing to change.`
  },
  {
    source: "catalogue: cname_conflict_other_data",
    zone: `
one1._domainkey CNAME one1.dkim.example.org.
one1._domainkey TXT hello`,
    says: `
records-beside-cname | TXT hello
one1._domainkey.example.com has TXT hello beside its CNAME. Some receivers may not see the CNAME.
Delete the TXT record with the host one1._domainkey and the value hello.
- one1._domainkey.example.com. 3600 IN TXT "hello"`
  },
  {
    source: "records: DNSSEC-signed, RRSIG beside",
    zone: `
one1._domainkey CNAME one1.dkim.example.org.
one1._domainkey RRSIG CNAME
one1._domainkey NSEC next`,
    says: ""
  },
  {
    source: "catalogue: not_propagated, negative_cache",
    zone: `
one1._domainkey CNAME one1.dkim.example.org.
; 192.0.2.53 remembers nothing for 1500
; 192.0.2.54 remembers nothing for 60`,
    says: `
not-yet-in-caches
one1._domainkey.example.com is right, but 192.0.2.53 and 192.0.2.54 may go on giving an earlier answer for up to 25 minutes.
There is nothing to change: caches forget by themselves.`
  },
  {
    source: "catalogue: ttl_too_long",
    zone: "one1._domainkey 172800 CNAME one1.dkim.example.org.",
    says: `
ttl-too-long
Caches may keep one1._domainkey.example.com for 48 hours, and a mistake as long.
Set the TTL of the CNAME record with the host one1._domainkey to 3600 seconds.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  }
]

describe("a record that is right", () => {
  it.each(cases)("$source", ({ zone, more, says }) => {
    expect(told(zone, more)).toBe(says.trim())
  })
})
