import { accountOwner } from "@countersign/core"
import { MailRefused, Senders } from "@countersign/engine"
import { MemoryMailer } from "@countersign/memory"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createAccount, mails, pass, world } from "./World.ts"

const add = { owner: accountOwner, notifyAccount: true } as const

describe("the notice to the account", () => {
  it.effect("is mailed beside the link, and names the records", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { sender } = yield* senders.add({ ...caller, ...add, address: "billing@shop.com" })
      yield* pass("1 second")
      const sent = yield* mails
      assert.deepStrictEqual(sent.map(({ to }) => to).sort(), ["billing@shop.com", "owner@acme.com"])
      const notice = sent.find(({ to }) => to === "owner@acme.com")
      assert.strictEqual(notice?.subject, "Sender added: billing@shop.com")
      assert.strictEqual(sender.plan.records.length, 3)
      for (const { name, value } of sender.plan.records) assert.include(notice?.text, `${name} CNAME ${value}`)
    }).pipe(Effect.provide(world))
  )

  it.effect("is the only mail about a domain, and lists its records", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { sender } = yield* senders.add({ ...caller, ...add, kind: "domain", address: "shop.com" })
      yield* pass("1 minute")
      const [notice, ...more] = yield* mails
      assert.deepStrictEqual([notice?.to, notice?.subject, more], ["owner@acme.com", "Sender added: shop.com", []])
      for (const { name, value } of sender.plan.records) {
        assert.isTrue(name.endsWith("._domainkey.shop.com"))
        assert.include(notice?.text, `${name} CNAME ${value}`)
        assert.include(notice?.html, value)
      }
    }).pipe(Effect.provide(world))
  )

  it.effect("is not mailed for what is there already, and again for another incarnation", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const input = { ...add, kind: "domain", address: "shop.com" } as const
      const { id: sender } = (yield* senders.add({ ...caller, ...input })).sender
      yield* senders.add({ ...caller, ...input })
      yield* pass("1 minute")
      assert.strictEqual((yield* mails).length, 1)
      yield* senders.remove({ ...caller, id: sender })
      yield* senders.add({ ...caller, ...input })
      yield* pass("1 minute")
      const ids = (yield* mails).map(({ messageId }) => messageId)
      assert.deepStrictEqual([ids.length, new Set(ids).size], [2, 2])
    }).pipe(Effect.provide(world))
  )

  it.effect("is tried again when the mail server is busy", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const mailer = yield* MemoryMailer
      const caller = yield* createAccount()
      yield* mailer.refuseNext(new MailRefused({ permanent: false, reason: "busy", code: 451 }))
      yield* senders.add({ ...caller, ...add, kind: "domain", address: "shop.com" })
      yield* pass("1 second")
      assert.deepStrictEqual(yield* mails, [])
      yield* pass("1 hour")
      assert.strictEqual((yield* mails).length, 1)
    }).pipe(Effect.provide(world))
  )
})
