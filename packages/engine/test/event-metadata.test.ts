import { accountOwner, schemaVersions } from "@countersign/core"
import { EventStore, Senders } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { createAccount, mails, pass, publish, tokenOf, world } from "./World.ts"

const Metadata = Schema.fromJsonString(
  Schema.Struct({ actor: Schema.String, command: Schema.NonEmptyString, correlation: Schema.NonEmptyString })
)

/** What the log keeps beside each event, by the event's name. */
const recorded = Effect.gen(function* () {
  const { events } = yield* (yield* EventStore).readLog(0, 100)
  return yield* Effect.forEach(events, (event) =>
    Effect.map(Schema.decodeUnknownEffect(Metadata, { onExcessProperty: "error" })(event.meta), (metadata) => ({
      type: event.type,
      schemaVersion: event.schemaVersion,
      ...metadata
    }))
  )
})

describe("every event carries its schema version, and who caused it by which command of which request", () => {
  it.effect("from adding to removing", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const account = (yield* createAccount()).account
      const asking = (correlation: string) => ({ account, actor: "key:7", correlation })
      const idempotency = { key: "order 17", fingerprint: "f" }
      const input = { owner: accountOwner, address: "hello@acme.com" }
      const { id: sender } = (yield* senders.add({ ...asking("adding"), idempotency, ...input })).sender
      yield* publish(asking("publishing"), sender)
      yield* pass("1 second")
      yield* senders.confirm({ token: tokenOf((yield* mails)[0]), correlation: "clicking" })
      yield* pass("1 minute")
      yield* senders.remove({ ...asking("removing"), id: sender })
      yield* senders.add({ ...asking("adding again"), ...input })
      yield* pass("2 minutes")
      yield* senders.decline({ token: tokenOf((yield* mails)[1]) })

      const events = yield* recorded
      const causes = events.map(({ type, actor, correlation }) => `${type}: ${actor}, ${correlation}`)
      const byWorker = events.filter(({ actor }) => actor === "worker")
      for (const cause of [
        "SenderAdded: key:7, adding",
        "VerificationRequested: key:7, adding",
        "EmailVerified: mailbox, clicking",
        "SenderRemoved: key:7, removing",
        "SenderAdded: key:7, adding again"
      ]) {
        assert.include(causes, cause)
      }
      for (const type of ["VerificationMailSent", "DomainVerified"]) {
        assert.isTrue(
          byWorker.some((event) => event.type === type),
          type
        )
      }
      // A worker's command is its task: that is what tells a repetition.
      for (const { command, correlation } of byWorker) assert.include(command, correlation)
      // Without an id of a request, one is made.
      const [declined, mailbox] = causes.slice(-2)
      assert.match(declined ?? "", /^VerificationDeclined: mailbox, [0-9a-f-]{36}$/)
      assert.strictEqual(mailbox, declined?.replace("VerificationDeclined", "MailDeclined"))
      assert.strictEqual(events[0]?.command, "key:order 17")
      assert.strictEqual(events[1]?.command, "key:order 17")
      for (const [type, version] of Object.entries(schemaVersions)) {
        for (const event of events) if (event.type === type) assert.strictEqual(event.schemaVersion, version)
      }
    }).pipe(Effect.provide(world))
  )
})
