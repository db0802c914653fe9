/**
 * The findings that a dialect shows are read once a second, and anew when something changes that is shown.
 */
import { type DnsReport, type ListedSender, SenderNotFound, Senders } from "@countersign/engine"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import { rememberFindings } from "../../src/FindingBody.ts"
import { startService } from "../Service.ts"

it("reads them once a second for a sender that is as it was", async () => {
  const service = await startService({ inProcess: true })
  await service.call("POST", "/v1/email-address", { email: "a@acme.com" })
  const { account } = service
  await service.run(
    Effect.gen(function* () {
      const senders = yield* Senders
      const sender = yield* senders.current({ account })
      let answer: Effect.Effect<DnsReport, SenderNotFound> = Effect.succeed(yield* Effect.orDie(senders.dns(sender)))
      let read = 0
      const findingsOf = rememberFindings(() => {
        read += 1
        return answer
      })
      const reads = Effect.fnUntraced(function* (of: ListedSender) {
        const before = read
        expect(yield* findingsOf(of)).toEqual([])
        return read - before
      })
      expect([yield* reads(sender), yield* reads(sender)]).toEqual([1, 0])
      const changed = { ...sender, updatedAt: sender.updatedAt + 1 }
      expect([yield* reads(changed), yield* reads(changed), yield* reads(sender)]).toEqual([1, 0, 0])
      yield* TestClock.adjust("999 millis")
      expect(yield* reads(sender)).toBe(0)
      yield* TestClock.adjust("1 millis")
      answer = Effect.fail(new SenderNotFound())
      expect([yield* reads(sender), yield* reads(sender)]).toEqual([1, 0])
    })
  )
  await service.stop()
})
