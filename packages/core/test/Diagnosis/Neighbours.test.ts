/**
 * Which neighbours are asked: none without trouble, few with it, and the most telling first.
 */
import { describe, expect, it } from "vitest"
import { mostNeighbours, neighbourQuestions } from "../../src/Diagnosis.ts"
import { look, right } from "../ZonePicture.ts"

const asked = (picture: string, more: Parameters<typeof look>[1] = {}): ReadonlyArray<string> =>
  neighbourQuestions(look(picture, more)).map(({ name, type }) => `${name} ${type}`)

const ofDomain = [
  "_dmarc.example.com TXT",
  "example.com TXT",
  "example.com MX",
  "example.com A",
  "example.com AAAA",
  "two2.dkim.example.org TXT"
]

describe("the neighbours of", () => {
  it.each<readonly [string, string, ReadonlyArray<string>]>([
    ["records that are right are none", right, []],
    [
      "a missing record are names nearby",
      "",
      [
        "example.com NS",
        "one1._domainkey.example.com.example.com CNAME",
        ...ofDomain,
        "one1.example.com CNAME",
        "one1.domainkey.example.com CNAME",
        "one1._domainkey.www.example.com CNAME"
      ]
    ],
    [
      "a record that leads elsewhere are a name that nobody published",
      "one1._domainkey CNAME elsewhere.example.net.",
      ["example.com NS", "no-record-has-this-name._domainkey.example.com CNAME", ...ofDomain]
    ],
    [
      "another type in place of the record are the same of a name that nobody published",
      "one1._domainkey A 192.0.2.80",
      ["example.com NS", "no-record-has-this-name._domainkey.example.com A", ...ofDomain]
    ],
    [
      "several types in place of the record are each of them",
      "one1._domainkey A 192.0.2.80\none1._domainkey AAAA 2001:db8::80",
      [
        "example.com NS",
        "no-record-has-this-name._domainkey.example.com A",
        "no-record-has-this-name._domainkey.example.com AAAA",
        ...ofDomain
      ]
    ],
    [
      "a record that servers do not agree about are the serials of the zone",
      `${right}\n; 192.0.2.2 lacks one1._domainkey`,
      ["example.com NS", "example.com SOA", ...ofDomain]
    ],
    [
      "a record that nobody could be asked for are the zone's own and the registry's servers",
      "; 192.0.2.1 answers SERVFAIL\n; 192.0.2.2 answers SERVFAIL",
      ["example.com NS", "com NS"]
    ]
  ])("%s", (_, picture, questions) => {
    expect(asked(picture)).toEqual(questions)
  })

  it("a domain below another one are its parents too", () => {
    expect(asked("; for a.mail.example.com")).toEqual([
      "example.com NS",
      "one1._domainkey.a.mail.example.com.example.com CNAME",
      "_dmarc.a.mail.example.com TXT",
      "_dmarc.example.com TXT",
      "a.mail.example.com TXT",
      "a.mail.example.com MX",
      "a.mail.example.com A",
      "a.mail.example.com AAAA",
      "two2.dkim.example.org TXT",
      "one1._domainkey.mail.example.com CNAME",
      "one1._domainkey.example.com CNAME",
      "one1.a.mail.example.com CNAME",
      "one1.domainkey.a.mail.example.com CNAME",
      "one1._domainkey.www.a.mail.example.com CNAME"
    ])
  })

  it("a whole domain as the sender leave its mailboxes out", () => {
    expect(asked("", { kind: "domain" }).filter((question) => question.startsWith("example.com "))).toEqual([
      "example.com NS",
      "example.com TXT"
    ])
  })

  it("three missing records are sixteen, with the doubled name of each", () => {
    const questions = asked("; no other records\n; for mail.example.com")
    expect(questions).toHaveLength(mostNeighbours)
    expect(questions.filter((name) => name.includes("mail.example.com.example.com"))).toHaveLength(3)
    expect(questions.filter((name) => /^\w+\._domainkey\.example\.com /.test(name))).toHaveLength(3)
  })

  it("a record leave out what its probe asked, and names that are too long", () => {
    const long = `${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(25)}.example.com`
    const domain = `${"a".repeat(63)}.${long}`
    const questions = asked(`; for ${domain}`)
    expect(questions).toContain(`one1._domainkey.${long} CNAME`)
    expect(questions).not.toContain(`one1._domainkey.${domain}.example.com CNAME`)
    // The key at the target was asked for with the TXT record that stands in place of this one.
    expect(asked("; no two2._domainkey CNAME\none1._domainkey TXT v=DKIM1; p=KEY1")).not.toContain(
      "one1.dkim.example.org TXT"
    )
  })
})
