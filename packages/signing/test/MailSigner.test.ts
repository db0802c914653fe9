/**
 * A mail of an account is signed for what holds when its key is at hand: a key may take longer than a plan lives.
 */
import type { DomainName } from "@countersign/core"
import { KeysServed, Senders, type SendPlan, Settings } from "@countersign/engine"
import { assert, it } from "@effect/vitest"
import { Brand, Clock, Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { KeyRingKeys, makeMailSigner } from "../src/index.ts"
import { domain, mail, signer } from "./Signing.ts"

const message = Buffer.from(mail(["From: ada@example.com", "To: bob@example.net", "Subject: Hello"]))
const settings = Settings.layer({
  publicUrl: "https://mail.countersign.net",
  secret: Redacted.make("a secret of the tests of 32 characters")
})
const active: Omit<SendPlan, "validUntil"> = {
  ...{ from: "ada@example.com", replyTo: undefined, sender: undefined, reason: "active", obstacles: [] },
  sign: { domain: Brand.nominal<DomainName>()(domain), selector: signer.selector, slot: 1 }
}
const removed: Omit<SendPlan, "validUntil"> = {
  ...{ from: undefined, replyTo: undefined, sender: undefined, sign: undefined, reason: "fallback" },
  obstacles: [{ code: "from-not-a-sender", message: "This From address is none of your senders." }]
}

/** Signs while the key takes `keyTakes`; the sender is removed when the first plan is out. */
const signing = (keyTakes: number, { isRemoved }: { readonly isRemoved: boolean }) => {
  let asked = 0
  const sendPlan = (): Effect.Effect<SendPlan> =>
    Effect.map(Clock.currentTimeMillis, (now) => ({
      ...(asked++ > 0 && isRemoved ? removed : active),
      validUntil: now + 1_000
    }))
  const privateKey = () =>
    Effect.suspend(() => Effect.as(Effect.sleep(asked === 1 ? keyTakes : 0), Redacted.make(signer.privateKey)))
  return Effect.gen(function* () {
    const sign = yield* makeMailSigner
    const fiber = yield* Effect.forkChild(Effect.exit(sign(message, { account: "acme" }, "id-1")), {
      startImmediately: true
    })
    yield* TestClock.adjust(keyTakes)
    const exit = yield* Fiber.join(fiber)
    return { asked, exit }
  }).pipe(
    Effect.provide(
      Layer.mergeAll(
        settings,
        Layer.mock(Senders, { sendPlan }),
        Layer.mock(KeyRingKeys, { privateKey }),
        Layer.succeed(KeysServed, true)
      )
    )
  )
}

it.effect("asks once more when the key took longer than the plan lives", () =>
  Effect.gen(function* () {
    for (const [keyTakes, asked] of [
      [0, 1],
      [1_000, 1],
      [1_001, 2]
    ] as const) {
      const { exit, ...rest } = yield* signing(keyTakes, { isRemoved: false })
      assert.deepStrictEqual([keyTakes, rest.asked, exit._tag], [keyTakes, asked, "Success"])
    }
  })
)

it.effect("does not sign for a sender that was removed while its key was fetched", () =>
  Effect.gen(function* () {
    const { exit } = yield* signing(1_001, { isRemoved: true })
    assert.match(String(exit), /FromRefused/)
  })
)
