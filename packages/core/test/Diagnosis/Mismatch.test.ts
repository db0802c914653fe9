/**
 * CNAME records that lead elsewhere. The title of a test names where the case comes from.
 */
import { describe, expect, it } from "vitest"
import { type Case, told } from "../ZonePicture.ts"

const cases: ReadonlyArray<Case> = [
  {
    source: "catalogue: target_mismatch",
    zone: "one1._domainkey CNAME elsewhere.example.net.",
    says: `
target-mismatch | elsewhere.example.net
one1._domainkey.example.com points to elsewhere.example.net instead of one1.dkim.example.org.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: target_suffix_appended",
    zone: "one1._domainkey CNAME one1.dkim.example.org",
    says: `
target-suffix-appended | one1.dkim.example.org.example.com
The DNS provider appended example.com to the value: one1._domainkey.example.com points to one1.dkim.example.org.example.com.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org. Enter the value with a dot at its end.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: target_truncated",
    zone: "one1._domainkey CNAME one1.dkim.exa.",
    says: `
target-truncated | one1.dkim.exa
The value is cut off after 13 characters: one1._domainkey.example.com points to one1.dkim.exa.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "is-a-dev/register#27698: target with a space at its end",
    zone: "one1._domainkey CNAME one1.dkim.example.org\\032.",
    says: `
target-has-spaces | one1.dkim.example.org\\032
The value has a space at its end: one1._domainkey.example.com points to "one1.dkim.example.org ".
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org. Enter it without spaces.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "is-a-dev/register#27698: target with a space at its beginning",
    zone: "one1._domainkey CNAME \\032one1.dkim.example.org.",
    says: `
target-has-spaces | \\032one1.dkim.example.org
The value has a space at its beginning: one1._domainkey.example.com points to " one1.dkim.example.org".
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org. Enter it without spaces.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "is-a-dev/register#27698: target with a tab within",
    zone: "one1._domainkey CNAME one1.\\009dkim.example.org.",
    says: `
target-has-spaces | one1.\\009dkim.example.org
The value has a space within: one1._domainkey.example.com points to "one1.	dkim.example.org".
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org. Enter it without spaces.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "records: a CNAME whose one label contains dots",
    zone: "one1._domainkey CNAME one1\\.dkim\\.example\\.org.",
    says: `
target-one-label | one1\\.dkim\\.example\\.org
The value is one label with dots in it instead of a name: one1._domainkey.example.com points to one1\\.dkim\\.example\\.org.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org. Enter it without backslashes and quotation marks.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: target_typo",
    zone: "one1._domainkey CNAME one1.dkim.exmaple.org.",
    says: `
target-typo | one1.dkim.exmaple.org
The value seems mistyped: one1._domainkey.example.com points to one1.dkim.exmaple.org instead of one1.dkim.example.org.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: target_typo (one letter more)",
    zone: "one1._domainkey CNAME one1.dkimm.example.org.",
    says: `
target-typo | one1.dkimm.example.org
The value seems mistyped: one1._domainkey.example.com points to one1.dkimm.example.org instead of one1.dkim.example.org.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: target_typo (a letter less at its beginning)",
    zone: "one1._domainkey CNAME ne1.dkim.example.org.",
    says: `
target-typo | ne1.dkim.example.org
The value seems mistyped: one1._domainkey.example.com points to ne1.dkim.example.org instead of one1.dkim.example.org.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: target_mismatch (three letters)",
    zone: "one1._domainkey CNAME one1.dkim.examelp.org.",
    says: `
target-mismatch | one1.dkim.examelp.org
one1._domainkey.example.com points to one1.dkim.examelp.org instead of one1.dkim.example.org.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: target_old_plan, target_other_tenant_shape; aaronpk/IndieAuth.com#18",
    zone: "one1._domainkey CNAME other9.dkim.example.org.",
    says: `
target-of-other-setup | other9.dkim.example.org
one1._domainkey.example.com points to other9.dkim.example.org, which belongs to an earlier setup or another account.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: target_other_vendor",
    zone: "one1._domainkey CNAME one1.dkim.amazonses.com.",
    says: `
target-of-other-vendor | one1.dkim.amazonses.com
one1._domainkey.example.com points to one1.dkim.amazonses.com, which belongs to Amazon SES.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org. The records that Amazon SES asked for have other names and stay as they are.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: selectors_swapped",
    zone: `
one1._domainkey CNAME two2.dkim.example.org.
two2._domainkey CNAME one1.dkim.example.org.`,
    says: `
targets-swapped | two2.dkim.example.org
one1._domainkey.example.com points to two2.dkim.example.org, the value of two2._domainkey.example.com.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org. Change the value of the CNAME record with the host two2._domainkey to two2.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.
~ two2._domainkey.example.com. 3600 IN CNAME two2.dkim.example.org.`
  },
  {
    source: "catalogue: selectors_swapped (one of the two)",
    zone: "one1._domainkey CNAME two2.dkim.example.org.",
    says: `
targets-swapped | two2.dkim.example.org
one1._domainkey.example.com points to two2.dkim.example.org, the value of two2._domainkey.example.com.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: cname_loop",
    zone: `
one1._domainkey CNAME a
a CNAME b
b CNAME a`,
    says: `
alias-loop | a.example.com
The aliases lead in a circle: one1._domainkey.example.com -> a.example.com -> b.example.com -> a.example.com.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  },
  {
    source: "catalogue: cname_chain (depth > 8)",
    zone: `
one1._domainkey CNAME h1
h1 CNAME h2
h2 CNAME h3
h3 CNAME h4
h4 CNAME h5
h5 CNAME h6
h6 CNAME h7
h7 CNAME h8
h8 CNAME h9
h9 CNAME h10`,
    says: `
alias-chain-too-long | h1.example.com
The chain of aliases is too long: one1._domainkey.example.com -> h1.example.com -> h2.example.com -> h3.example.com -> h4.example.com -> h5.example.com -> h6.example.com -> h7.example.com -> h8.example.com -> h9.example.com.
Change the value of the CNAME record with the host one1._domainkey to one1.dkim.example.org.
~ one1._domainkey.example.com. 3600 IN CNAME one1.dkim.example.org.`
  }
]

describe("a CNAME that leads elsewhere", () => {
  it.each(cases)("$source", ({ zone, more, says }) => {
    expect(told(zone, more)).toBe(says.trim())
  })
})
