/**
 * The contract of a mailer: what every adapter of the port promises, clause by clause.
 *
 * The suite hands messages to the mailer and reads in `MailWorld` what arrived on the other side, which can be told to
 * refuse.
 */
import { Mailer, type MailMessage, type MailRefused } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, type Scope } from "effect"
import fc from "fast-check"
import { arbitraryTypedAddress } from "./arbitraries/Addresses.ts"

/** A message that was taken, decoded. */
export interface ArrivedMail {
  /** The recipients of the envelope, as they were written. */
  readonly to: ReadonlyArray<string>
  readonly subject: string
  readonly text: string
  readonly html: string
  /** With angle brackets. */
  readonly messageId: string
}

/** Where the mail of the mailer under test goes. Empty when the layer is built. */
export class MailWorld extends Context.Service<
  MailWorld,
  {
    /** What was taken so far, in any order. */
    readonly arrived: Effect.Effect<ReadonlyArray<ArrivedMail>>
    /**
     * The next message is refused with this reply code (RFC 5321, section 4.2.3) and these words; the one after it is
     * taken. Where the mailer speaks another protocol than SMTP, with what that has for such a code.
     */
    readonly refuseNext: (code: number, words: string) => Effect.Effect<void>
  }
>()("countersign/testkit/MailWorld") {}

/** Registers the suite with vitest. The layer is built anew for each clause. */
export const mailerContract = (name: string, layer: Layer.Layer<Mailer | MailWorld, unknown>): void => {
  const clause = (title: string, body: Effect.Effect<void, unknown, Mailer | MailWorld | Scope.Scope>) =>
    it.live(title, () => Effect.provide(body, Layer.fresh(layer)), patience)

  describe(`the contract of a mailer: ${name}`, () => {
    clause(
      "P.1 a message that was taken has arrived, with all its parts",
      Effect.gen(function* () {
        yield* send(message)
        expect(yield* arrived).toEqual([arrival(message)])
      })
    )

    clause(
      "P.2 texts arrive as they were written, whatever they hold",
      Effect.gen(function* () {
        const odd = {
          ...message,
          subject: `Bestätigen Sie „Müller & Söhne“ 📬 =?utf-8?Q?not_encoded?= ${"langer Betreff ".repeat(10)}.`,
          text: `Grüße 📬\n.\n..\n.dot\nFrom here\n${"lang ".repeat(500)}\n=3D =\ntab\there`,
          html: `<p title="ä">Grüße &amp; 📬</p>\n.\n<p>${"x".repeat(2000)}</p>`
        }
        yield* send(odd)
        expect(yield* arrived).toEqual([arrival(odd)])
      })
    )

    clause(
      "P.3 the recipient is exactly the address of the message, for 1,000 addresses",
      Effect.gen(function* () {
        const generated = fc.sample(arbitraryTypedAddress, { numRuns: 1000, seed: 2 }).map(({ delivery }) => delivery)
        const addresses = [...new Set([...oddAddresses, ...generated])]
        yield* Effect.forEach(addresses, (to, at) => send({ ...message, to, messageId: `<${at}@mail.example.com>` }), {
          concurrency: 8
        })
        const recipients = new Map((yield* arrived).map((mail) => [mail.messageId, mail.to]))
        expect(recipients.size).toBe(addresses.length)
        for (const [at, to] of addresses.entries()) {
          expect(recipients.get(`<${at}@mail.example.com>`)).toEqual([to])
        }
      })
    )

    clause(
      "P.4 a 4yz reply is a refusal for now, with the server's words, and its code if there is any",
      Effect.gen(function* () {
        yield* (yield* MailWorld).refuseNext(451, "4.7.1 greylisted, come back later")
        const refused = yield* refusal(message)
        expect(refused.permanent).toBe(false)
        expect([451, undefined]).toContain(refused.code)
        expect(refused.reason).toContain("4.7.1 greylisted, come back later")
        expect(yield* arrived).toEqual([])
      })
    )

    clause(
      "P.5 a 5yz reply is a refusal for good, with the server's words, and its code if there is any",
      Effect.gen(function* () {
        yield* (yield* MailWorld).refuseNext(550, "5.1.1 there is no such mailbox")
        const refused = yield* refusal(message)
        expect(refused.permanent).toBe(true)
        expect([550, undefined]).toContain(refused.code)
        expect(refused.reason).toContain("5.1.1 there is no such mailbox")
        expect(yield* arrived).toEqual([])
      })
    )

    clause(
      "P.6 a refusal is of one message only; another attempt carries the same Message-ID",
      Effect.gen(function* () {
        yield* (yield* MailWorld).refuseNext(421, "4.3.2 going down")
        yield* refusal(message)
        yield* send({ ...message, to: "somebody@example.org", messageId: "<other@mail.example.com>" })
        yield* send(message)
        const ids = (yield* arrived).map(({ messageId, to }) => [messageId, ...to])
        expect(ids.sort()).toEqual([
          [message.messageId, message.to],
          ["<other@mail.example.com>", "somebody@example.org"]
        ])
      })
    )

    clause(
      "P.7 of many messages at once each arrives once",
      Effect.gen(function* () {
        const ids = Array.from({ length: 60 }, (_, at) => `<${at}@mail.example.com>`)
        yield* Effect.forEach(ids, (messageId) => send({ ...message, messageId, subject: messageId }), {
          concurrency: "unbounded"
        })
        const subjects = (yield* arrived).map(({ messageId, subject }) => (subject === messageId ? subject : ""))
        expect(subjects.sort()).toEqual([...ids].sort())
      })
    )
  })
}

/** Milliseconds for a clause on a busy machine. */
const patience = 120_000

const message: MailMessage = {
  to: "Anna.Muster+shop@example.com",
  subject: "Confirm your address",
  text: "Open this link:\n\nhttps://example.com/verify/abc?x=1&y=2\n",
  html: '<p>Open <a href="https://example.com/verify/abc?x=1&amp;y=2">this link</a></p>',
  messageId: "<01234567-89ab-8cde-8f01-23456789abcd@mail.example.com>"
}

/** What mail libraries and servers like to rewrite: capitals, every special character, the longest parts, A-labels. */
const oddAddresses = [
  "MiXeD.CaSe@example.com",
  "a!#$%&'*+/=?^_`{|}~-b@example.com",
  "'@example.com",
  "{}@example.com",
  "=?utf-8?q?x?=@example.com",
  "%41@example.com",
  "user%example.org@example.com",
  "host!user@example.com",
  "-@example.com",
  "1@1.2.3.example.com",
  "a@xn--bcher-kva.example.com",
  "a@xn--fa-hia.de",
  "a@xn--ls8h.example.com",
  "a@sub.a--b.example.com",
  `${"x".repeat(64)}@${"d".repeat(63)}.${"d".repeat(63)}.${"d".repeat(57)}.com`
]

const send = (mail: MailMessage) => Mailer.use((mailer) => mailer.send(mail))
const refusal = (mail: MailMessage): Effect.Effect<MailRefused, void, Mailer> => Effect.flip(send(mail))
const arrived = MailWorld.use((world) => Effect.map(world.arrived, (mails) => mails.map(compared)))

/** Line ends are CRLF on the wire, and a text may get one more at its end: neither is a difference. */
const written = (text: string): string => text.replace(/\r\n/g, "\n").trimEnd()
const compared = (mail: ArrivedMail): ArrivedMail => ({
  to: mail.to,
  subject: mail.subject,
  text: written(mail.text),
  html: written(mail.html),
  messageId: mail.messageId
})
const arrival = (mail: MailMessage): ArrivedMail => compared({ ...mail, to: [mail.to] })
