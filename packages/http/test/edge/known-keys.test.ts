/**
 * An access key is looked up once a second, and so lets nobody in one second after it was revoked.
 */
import { AccountAdmin, type Accounts } from "@countersign/engine"
import { Effect, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { rememberKeys } from "../../src/KnownKeys.ts"
import { startService } from "../Service.ts"
import { eachDialect } from "./EachDialect.ts"

const pathOf: Readonly<Record<string, string>> = {
  "Space Invoices": "/v1/email-address/status",
  OpenTransact: "/v1/email-addresses",
  Sendmachine: "/sender/list"
}

describe.each(eachDialect)("a revoked key of $name", ({ authorization, name }) => {
  it("lets nobody in after a second", async () => {
    const service = await startService({ inProcess: true })
    await service.call("POST", "/v1/email-address", { email: "a@acme.com" })
    const headers = { authorization: authorization(service.token) }
    const ask = async () => (await service.send(pathOf[name] ?? "", { headers })).status
    expect(await ask()).toBe(200)
    // In the store, as another process does: the application hears nothing of it.
    await service.run(Effect.flatMap(AccountAdmin, ({ revokeKey }) => revokeKey(service.key)))
    await service.pass("999 millis")
    await ask()
    await service.pass("1 millis")
    expect(await ask()).toBe(401)
    await service.stop()
  })
})

/** Counts how often a key is looked up; `meanwhile` happens before the answer. */
const counted = (meanwhile: Effect.Effect<void> = Effect.void) => {
  const asked: Array<string> = []
  const authenticate: Accounts["Service"]["authenticate"] = (secret) =>
    Effect.sync(() => {
      const key = Redacted.value(secret)
      asked.push(key)
      const account = { id: `account of ${key}`, email: "", name: "" }
      return key === "unknown" ? Option.none() : Option.some({ account, key })
    }).pipe(Effect.tap(() => meanwhile))
  return { asked, authenticate: rememberKeys(authenticate) }
}

const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(Effect.provide(effect, TestClock.layer()))

describe("a key", () => {
  it("is looked up once a second, each by itself", () =>
    run(
      Effect.gen(function* () {
        const { asked, authenticate } = counted()
        for (const wait of [0, 500, 499, 1, 999]) {
          yield* TestClock.adjust(wait)
          for (const key of ["a", "b"]) {
            expect(Option.getOrUndefined(yield* authenticate(key))?.account.id).toBe(`account of ${key}`)
          }
        }
        expect(asked).toEqual(["a", "b", "a", "b"])
      })
    ))

  it("that nobody has is looked up every time", () =>
    run(
      Effect.gen(function* () {
        const { asked, authenticate } = counted()
        expect(yield* authenticate("unknown")).toEqual(Option.none())
        expect(yield* authenticate("unknown")).toEqual(Option.none())
        expect(asked).toHaveLength(2)
      })
    ))

  it("counts from before it was looked up: it may be revoked while the answer is on its way", () =>
    run(
      Effect.gen(function* () {
        const { asked, authenticate } = counted(TestClock.adjust("600 millis"))
        yield* authenticate("a")
        yield* TestClock.adjust("399 millis")
        yield* authenticate("a")
        expect(asked).toHaveLength(1)
        yield* TestClock.adjust("1 millis")
        yield* authenticate("a")
        expect(asked).toHaveLength(2)
      })
    ))
})
