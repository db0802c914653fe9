import { parseMailFrom, parseSmtpUrl, SmtpMailer } from "@countersign/mailer-smtp"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"

const secret = "sUpEr-sEcReT"

describe("the SMTP URL", () => {
  const read = (url: string) => Result.getOrThrow(parseSmtpUrl(Redacted.make(url)))

  it("names host, port, encryption and credentials", () => {
    const { credentials, ...server } = read(
      "smtp://relay%40example.com:p%3A%2F%40ss@mail.example.com:2525?tls=required"
    )
    expect(server).toEqual({
      host: "mail.example.com",
      port: 2525,
      encryption: "required",
      verify: true,
      name: undefined
    })
    expect(credentials?.user).toBe("relay@example.com")
    expect(credentials && Redacted.value(credentials.pass)).toBe("p:/@ss")
  })

  it.each([
    ["smtp://mail.example.com", { port: 587, encryption: "opportunistic", credentials: undefined }],
    ["smtp://mail.example.com/", { port: 587 }],
    ["smtps://mail.example.com", { port: 465, encryption: "implicit" }],
    ["smtps://mail.example.com:1465", { port: 1465 }],
    ["smtp://127.0.0.1:1025", { host: "127.0.0.1", port: 1025 }],
    ["smtp://[::1]:1025", { host: "::1" }],
    ["smtp://mail.example.com?tls=none", { encryption: "none" }],
    ["smtp://mail.example.com?tls=opportunistic", { encryption: "opportunistic" }],
    ["smtp://mail.example.com?verify=false&name=app.example.com", { verify: false, name: "app.example.com" }],
    ["smtp://mail.example.com?verify=true", { verify: true }]
  ])("%s", (url, expected) => {
    expect(read(url)).toMatchObject(expected)
  })

  it.each([
    ["smtp://u:p@mail.example.com", "required"],
    ["smtp://u:p@127.0.0.1.example.com", "required"],
    ["smtp://u:p@mail.example.com?tls=opportunistic", "opportunistic"],
    ["smtp://u:p@localhost", "opportunistic"],
    ["smtp://u:p@127.0.0.2:25", "opportunistic"],
    ["smtp://u:p@[::1]:25", "opportunistic"]
  ])("credentials do not leave the machine in the clear unless told: %s", (url, encryption) => {
    expect(read(url).encryption).toBe(encryption)
  })

  it.each([
    "",
    secret,
    `mail.example.com:25`,
    `http://u:${secret}@mail.example.com`,
    `smtp://u:${secret}@`,
    `smtp://u:${secret}@mail_host`,
    `smtp://u:${secret}@mail.example.com:0`,
    `smtp://u:${secret}@mail.example.com:99999`,
    `smtp://u:${secret}@mail.example.com/path`,
    `smtp://u:${secret}@mail.example.com#x`,
    `smtp://:${secret}@mail.example.com`,
    `smtp://${secret}@mail.example.com`,
    `smtp://u:${secret}%ZZ@mail.example.com`,
    `smtp://u:${secret}@mail.example.com?tls=yes`,
    `smtp://u:${secret}@mail.example.com?tls`,
    `smtp://u:${secret}@mail.example.com?verify=0`,
    `smtp://u:${secret}@mail.example.com?name=a%0Db`,
    `smtp://u:${secret}@mail.example.com?pool=true`,
    `smtp://u:${secret}@mail.example.com?${secret}=1`,
    `smtps://u:${secret}@mail.example.com?tls=none`
  ])("%s is refused in one sentence that keeps the secret", (url) => {
    const parsed = parseSmtpUrl(Redacted.make(url))
    const message = Result.isFailure(parsed) ? parsed.failure.message : ""
    expect(message).toMatch(/^The SMTP URL cannot be used: [^\n]+\.$/)
    expect(message).not.toContain(secret)
  })
})

describe("the From address", () => {
  it.each([
    ["no-reply@example.com", "", "no-reply@example.com"],
    ["  no-reply@example.com ", "", "no-reply@example.com"],
    ["<no-reply@example.com>", "", "no-reply@example.com"],
    ["Countersign <no-reply@example.com>", "Countersign", "no-reply@example.com"],
    ["Müller & Söhne, Inc. (Köln) <a@b.example>", "Müller & Söhne, Inc. (Köln)", "a@b.example"],
    ['"Müller, Söhne <x@y>" <a@b.example>', "Müller, Söhne <x@y>", "a@b.example"],
    ['"She said \\"no\\" \\\\o/" <a@b.example>', 'She said "no" \\o/', "a@b.example"],
    ["Dev <countersign@localhost>", "Dev", "countersign@localhost"]
  ])("%j", (text, name, address) => {
    expect(parseMailFrom(text)).toEqual(Result.succeed({ name, address }))
  })

  it.each([
    "",
    "Countersign",
    "<>",
    "Countersign <>",
    "a@b.example <a@b.example",
    "<a@b.example> Countersign",
    "A <a@b.example>, B <b@b.example>",
    'A "B" <a@b.example>',
    "A > B <a@b.example>",
    "Countersign <a@b.example\r\nBcc: x@y.example>",
    "Counter\r\nBcc: x@y.example\r\nsign <a@b.example>",
    "Counter\0sign <a@b.example>",
    "Counter\u2028sign <a@b.example>",
    "\ud800 <a@b.example>",
    "Ü <ü@b.example>",
    "Ü <a@bücher.example>",
    '"a b"@b.example',
    "a..b@b.example",
    "a@-b.example",
    `${"x".repeat(65)}@b.example`,
    `a@${"b.".repeat(127)}example`
  ])("%j is refused in one sentence", (text) => {
    const parsed = parseMailFrom(text)
    expect(Result.isFailure(parsed) && parsed.failure.message).toMatch(/^The From address cannot be used: [^\n]+\.$/)
  })
})

describe("the layer", () => {
  it.effect.each<readonly [string, string, string]>([
    ["url", "nonsense", "a@b.example"],
    ["from", "smtp://127.0.0.1:1", "a@b@c"]
  ])("is not built with a wrong %s", ([setting, url, from]) =>
    Effect.gen(function* () {
      const layer = SmtpMailer.layer({ url: Redacted.make(url), from })
      const failure = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      expect(failure).toMatchObject({ _tag: "SmtpSettingInvalid", setting })
    })
  )
})
