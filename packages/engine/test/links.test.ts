import {
  accountOwner,
  CanonicalAddress,
  makeLinkKeys,
  parseLinkSecrets,
  readLink,
  SenderId,
  signLink
} from "@countersign/core"
import { Engine, LinkRefused, Senders, Settings } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import { adapters, createAccount, mails, pass, tokenOf, world } from "./World.ts"

const owner = accountOwner

const added = Effect.gen(function* () {
  const senders = yield* Senders
  const caller = yield* createAccount()
  const { id: sender } = (yield* senders.add({ ...caller, owner, address: "Hello@acme.com" })).sender
  yield* pass("1 second")
  return { senders, caller, sender, token: tokenOf((yield* mails)[0]) }
})

/** Reading, confirming and declining are all refused for this reason, and change nothing. */
const refused = Effect.fnUntraced(function* (token: string, reason: LinkRefused["reason"], declined = reason) {
  const senders = yield* Senders
  const refusals = [
    yield* Effect.flip(senders.readLink({ token })),
    yield* Effect.flip(senders.confirm({ token })),
    yield* Effect.flip(senders.decline({ token }))
  ]
  assert.deepStrictEqual(
    refusals.map((refusal) => (refusal instanceof LinkRefused ? refusal.reason : refusal._tag)),
    [reason, reason, declined]
  )
  return refusals
})

describe("a verification link", () => {
  it.effect("does nothing by being read", () =>
    Effect.gen(function* () {
      const { senders, caller, sender, token } = yield* added
      const before = yield* senders.history({ account: caller.account, id: sender })
      for (let n = 0; n < 5; n++) assert.strictEqual((yield* senders.readLink({ token })).state, "open")
      assert.deepStrictEqual(yield* senders.history({ account: caller.account, id: sender }), before)
    }).pipe(Effect.provide(world))
  )

  it.effect("is void once a newer one was issued", () =>
    Effect.gen(function* () {
      const { senders, caller, sender, token } = yield* added
      yield* pass("1 minute")
      yield* senders.resend({ ...caller, id: sender })
      const [refusal] = yield* refused(token, "void")
      assert.strictEqual(refusal instanceof LinkRefused ? refusal.address : "", "Hello@acme.com")
      yield* pass("1 second")
      assert.strictEqual((yield* senders.confirm({ token: tokenOf((yield* mails)[1]) })).state, "verified")
      yield* refused(token, "void")
    }).pipe(Effect.provide(world))
  )

  it.effect("expires 24 h after the sending, to the millisecond, and the expiry is written down", () =>
    Effect.gen(function* () {
      const { senders, caller, sender, token } = yield* added
      yield* pass("23 hours")
      yield* pass("3598999 millis")
      assert.strictEqual((yield* senders.readLink({ token })).state, "open")
      yield* pass("1 millis")
      yield* refused(token, "expired")
      yield* pass("1 minute")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).mailbox, "expired")
      yield* refused(token, "expired")
    }).pipe(Effect.provide(world))
  )

  it.effect("is expired after its time although nobody wrote it down", () =>
    Effect.gen(function* () {
      const { senders, caller, sender, verificationId } = yield* unmailed
      const token = signLink(keysOf(ours), { senderId: sender, verificationId, canonical })
      assert.strictEqual((yield* senders.readLink({ token })).state, "open")
      yield* pass("24 hours")
      yield* refused(token, "expired")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).mailbox, "pending")
    }).pipe(Effect.provide(engineWith(ours)))
  )

  it.effect("is dead with its sender, and stays so when the sender comes back", () =>
    Effect.gen(function* () {
      const { senders, caller, sender, token } = yield* added
      yield* senders.remove({ ...caller, id: sender })
      yield* refused(token, "removed")
      yield* senders.add({ ...caller, owner, address: "hello@acme.com" })
      yield* refused(token, "void")
      yield* pass("2 minutes")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).mailbox, "pending")
    }).pipe(Effect.provide(world))
  )

  it.effect("is dead after a decline, which may be said twice", () =>
    Effect.gen(function* () {
      const { senders, token } = yield* added
      const declined = { address: "Hello@acme.com", accountName: "Acme Ltd", state: "declined" as const }
      assert.deepStrictEqual(yield* senders.decline({ token }), { ...declined, changed: true })
      assert.deepStrictEqual(yield* senders.decline({ token }), { ...declined, changed: false })
      const refusals = [yield* Effect.flip(senders.readLink({ token })), yield* Effect.flip(senders.confirm({ token }))]
      assert.isTrue(refusals.every((refusal) => refusal instanceof LinkRefused && refusal.reason === "declined"))
    }).pipe(Effect.provide(world))
  )

  it.effect("cannot be declined away once it was confirmed", () =>
    Effect.gen(function* () {
      const { senders, caller, sender, token } = yield* added
      assert.isTrue((yield* senders.confirm({ token })).changed)
      assert.isFalse((yield* senders.confirm({ token })).changed)
      assert.strictEqual((yield* senders.decline({ token })).state, "verified")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).mailbox, "verified")
      assert.strictEqual((yield* senders.readLink({ token })).state, "verified")
    }).pipe(Effect.provide(world))
  )

  it.effect("of a foreign secret, of another address, damaged or made up is unknown, and names no address", () =>
    Effect.gen(function* () {
      const { token } = yield* added
      const { senderId, verificationId } = Result.getOrThrow(readLink(token))
      const ourKeys = keysOf(ours)
      const forged = [
        signLink(keysOf("a foreign secret of 32 characters"), { senderId, verificationId, canonical }),
        signLink(ourKeys, { senderId, verificationId, canonical: CanonicalAddress.make("other@acme.com") }),
        signLink(ourKeys, {
          senderId: SenderId.make(`${senderId.startsWith("0") ? 1 : 0}${senderId.slice(1)}`),
          verificationId,
          canonical
        }),
        `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`,
        `${token}=`,
        token.slice(1),
        "",
        "../../etc/passwd"
      ]
      for (const bad of forged) {
        const [refusal] = yield* refused(bad, "unknown")
        assert.isUndefined(refusal instanceof LinkRefused ? refusal.address : "")
      }
    }).pipe(Effect.provide(world))
  )

  it.effect("still works after its key was rotated, and not after the key was taken away", () =>
    Effect.gen(function* () {
      const { sender, verificationId } = yield* unmailed
      const token = signLink(keysOf(old), { senderId: sender, verificationId, canonical })
      const readWith = (secrets: string) =>
        Effect.flatMap(Senders, ({ readLink }) => readLink({ token })).pipe(
          Effect.provide(Layer.fresh(Engine.layer).pipe(Layer.provide(settingsWith(secrets)))),
          Effect.result
        )
      assert.isTrue(Result.isSuccess(yield* readWith(`a new secret of 32 characters long,${old}`)))
      assert.isTrue(Result.isFailure(yield* readWith("a new secret of 32 characters long")))
    }).pipe(Effect.provide(engineWith(old)))
  )
})

const canonical = CanonicalAddress.make("hello@acme.com")

const ours = "a secret of the tests of 32 characters"
const old = "an old secret of 32 characters at least"

const keysOf = (secrets: string) => makeLinkKeys(Result.getOrThrow(parseLinkSecrets(secrets)))

const settingsWith = (secrets: string) =>
  Settings.layer({ publicUrl: "https://mail.countersign.net", secret: Redacted.make(secrets) })

const engineWith = (secrets: string) =>
  Engine.layer.pipe(Layer.provideMerge(Layer.merge(adapters, settingsWith(secrets))))

/** A sender whose link exists and was never mailed: there are no workers. */
const unmailed = Effect.gen(function* () {
  const senders = yield* Senders
  const caller = yield* createAccount()
  const { id: sender } = (yield* senders.add({ ...caller, owner, address: "Hello@acme.com" })).sender
  const history = yield* senders.history({ account: caller.account, id: sender })
  const requested = history.map(({ event }) => event).find(({ _tag }) => _tag === "VerificationRequested")
  const verificationId = requested?._tag === "VerificationRequested" ? requested.verificationId : ""
  return { senders, caller, sender: SenderId.make(sender), verificationId }
})
