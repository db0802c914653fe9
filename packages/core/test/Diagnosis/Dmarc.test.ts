/**
 * Reading DMARC records (RFC 9989), and which of them counts for a domain below another one.
 */
import { describe, expect, it } from "vitest"
import { type DmarcPolicy, readDmarc } from "../../src/Diagnosis/Dmarc.ts"
import { codesOf, told } from "../ZonePicture.ts"

const policy = (domain: DmarcPolicy, subdomains = domain) => ({ _tag: "Policy", domain, subdomains })
const invalid = (why: string) => ({ _tag: "Invalid", why })

describe("a DMARC record", () => {
  it.each<readonly [ReadonlyArray<string>, object]>([
    [[], { _tag: "None" }],
    [["v=spf1 -all", "xv=DMARC1; p=none"], { _tag: "None" }],
    [["v=DMARC1; p=none"], policy("none")],
    [["v = DMARC1 ; P = Reject ;"], policy("reject")],
    [["v=DMARC1;p=quarantine", "something else"], policy("quarantine")],
    [["v=DMARC1; p=reject; sp=none"], policy("reject", "none")],
    [["v=DMARC1; p=none; sp=reject"], policy("none", "reject")],
    [["v=DMARC1; p=none; sp=nonsense"], policy("none")],
    [["v=DMARC1; p=reject; t=y"], policy("quarantine")],
    [["v=DMARC1; p=quarantine; t=y"], policy("none")],
    [["v=DMARC1; p=none; sp=reject; t=y"], policy("none", "quarantine")],
    [["v=DMARC1; p=reject; t=n"], policy("reject")],
    [["v=DMARC1; rua=mailto:a@example.com"], policy("none")],
    [["v=DMARC1; p=nonsense; rua=mailto:a@example.com"], policy("none")],
    [["v=DMARC1; p=nonsense"], invalid("p=nonsense is no policy")],
    [["v=DMARC1"], invalid("it has no p= tag")],
    [["v=dmarc1; p=none"], invalid("it does not begin with v=DMARC1;")],
    [["v=DMARC12; p=none"], invalid("it does not begin with v=DMARC1;")],
    [[" v=DMARC1; p=none"], invalid("it does not begin with v=DMARC1;")],
    [["v=DMARC1; p=none", "v=DMARC1; p=none"], invalid("there are 2 DMARC records, and only one may be there")]
  ])("%j", (texts, read) => {
    expect(readDmarc(texts)).toEqual(read)
  })
})

const below = "; for mail.example.com\n"

describe("the policy of a domain", () => {
  it.each([
    ["is its own first", `${below}_dmarc.mail TXT v=DMARC1; p=none\n_dmarc TXT v=DMARC1; p=reject`, []],
    ["is its own, whatever that says of subdomains", "_dmarc TXT v=DMARC1; p=none; sp=reject", []],
    ["is else that of the registrable domain", `${below}_dmarc TXT v=DMARC1; p=reject`, ["dmarc-strict"]],
    ["is then what that says of subdomains", `${below}_dmarc TXT v=DMARC1; p=reject; sp=none`, []],
    ["is missing where neither has one", `${below}; no _dmarc TXT`, ["dmarc-missing"]],
    ["is of no interest once the domain is verified", "; verified\n_dmarc TXT v=DMARC1; p=reject", []],
    ["is not known where nobody could be asked", "; 192.0.2.1 answers SERVFAIL\n; 192.0.2.2 answers SERVFAIL", []]
  ])("%s", (_, picture, codes) => {
    expect(codesOf(picture).filter((code) => code.startsWith("dmarc"))).toEqual(codes)
  })

  it("is missing at the domain's own name", () => {
    expect(told(`${below}; no _dmarc TXT`)).toContain('+ _dmarc.mail.example.com. 3600 IN TXT "v=DMARC1; p=none"')
  })
})
