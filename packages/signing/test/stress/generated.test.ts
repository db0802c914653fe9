/** Whatever message passes the rules is signed so that other people's verifiers agree: 1,000 mails in a long run. */
import { arbitraryMail, commandsOr, long, seed } from "@countersign/testkit"
import { Result } from "effect"
import fc from "fast-check"
import { expect, it } from "vitest"
import { readMessage } from "../../src/index.ts"
import { absentJudges, judges } from "../Judges.ts"
import { domain, records, signed } from "../Signing.ts"

const mails = fc.sample(arbitraryMail(domain), { numRuns: commandsOr(long ? 1_000 : 100), seed })

it(`reads whom a mail is from and leaves its body alone (seed ${seed})`, async () => {
  for (const { raw, local } of mails) {
    const message = Result.getOrThrow(readMessage(raw))
    expect(message.from.delivery).toBe(`${local}@${domain}`)
    const sent = Buffer.from(await signed(raw))
    expect(sent.subarray(sent.indexOf("\r\n\r\n"))).toEqual(
      Buffer.from(raw).subarray(Buffer.from(raw).indexOf("\r\n\r\n"))
    )
  }
})

it.each(judges)(`%s passes every mail (seed ${seed})`, async (_, judge) => {
  const sent = await Promise.all(mails.map(({ raw }) => signed(raw)))
  const failed = (await judge(sent, domain, records)).flatMap((passes, index) => (passes ? [] : [String(sent[index])]))
  expect(failed).toEqual([])
})

for (const sentence of absentJudges) it.todo(sentence)
