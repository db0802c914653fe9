/**
 * Clauses A and I: who calls, what belongs to them, and what is made once with the store.
 */
import { AccountAdmin, Accounts, Installation } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { beginning, hour, makeClause, type StorageLayer, type StorageOptions } from "./Clause.ts"

export const accountsContract = (layer: StorageLayer, { withoutAccounts }: StorageOptions): void => {
  const clause = makeClause(layer)

  if (withoutAccounts !== undefined) {
    clause(
      "A.7 a storage without accounts leaves the place to those of the host",
      Effect.gen(function* () {
        const ana = { id: "host's own", email: "ana@example.com", name: "Ana" }
        const hosts = Layer.succeed(Accounts, {
          authenticate: () => Effect.succeedNone,
          account: (id) => Effect.succeed(id === ana.id ? Option.some(ana) : Option.none()),
          organization: () => Effect.succeedNone
        })
        const ports = yield* Layer.build(Layer.fresh(Layer.provideMerge(withoutAccounts, hosts)))
        expect(Option.getOrUndefined(yield* Context.get(ports, Accounts).account(ana.id))).toEqual(ana)
        expect(Option.isNone(Context.getOption(ports, AccountAdmin))).toBe(true)
      })
    )
  }

  clause(
    "A.1 a created account is found by its id and listed; each has an id of its own",
    Effect.gen(function* () {
      const accounts = yield* Accounts
      const admin = yield* AccountAdmin
      expect(yield* admin.listAccounts).toEqual([])
      const ana = yield* admin.createAccount({ email: "ana@example.com", name: "Ana ☕" })
      const twin = yield* admin.createAccount({ email: "ana@example.com", name: "Ana ☕" })
      expect(ana).toMatchObject({ email: "ana@example.com", name: "Ana ☕" })
      expect(twin.id).not.toBe(ana.id)
      expect(Option.getOrUndefined(yield* accounts.account(ana.id))).toEqual(ana)
      expect(Option.isNone(yield* accounts.account("no such account"))).toBe(true)
      expect(byId(yield* admin.listAccounts)).toEqual(byId([ana, twin]))
    })
  )

  clause(
    "A.2 an organization is found through its own account only",
    Effect.gen(function* () {
      const accounts = yield* Accounts
      const admin = yield* AccountAdmin
      const ana = yield* admin.createAccount({ email: "ana@example.com", name: "Ana" })
      const ben = yield* admin.createAccount({ email: "ben@example.com", name: "Ben" })
      const one = yield* admin.createOrganization(ana.id, "One")
      const two = yield* admin.createOrganization(ana.id, "Two")
      const bens = yield* admin.createOrganization(ben.id, "One")
      expect(one).toMatchObject({ account: ana.id, name: "One" })
      expect(Option.getOrUndefined(yield* accounts.organization(ana.id, one.id))).toEqual(one)
      expect(Option.isNone(yield* accounts.organization(ben.id, one.id))).toBe(true)
      expect(Option.isNone(yield* accounts.organization(ana.id, bens.id))).toBe(true)
      expect(Option.isNone(yield* accounts.organization(ana.id, "no such organization"))).toBe(true)
      expect(byId(yield* admin.listOrganizations(ana.id))).toEqual(byId([one, two]))
      expect(yield* admin.listOrganizations("no such account")).toEqual([])
    })
  )

  clause(
    "A.3 a key's secret tells the account, and is shown nowhere else",
    Effect.gen(function* () {
      const accounts = yield* Accounts
      const admin = yield* AccountAdmin
      const ana = yield* admin.createAccount({ email: "ana@example.com", name: "Ana" })
      yield* TestClock.adjust(hour)
      const { key, secret } = yield* admin.createKey(ana.id)
      expect(key).toEqual({ id: key.id, account: ana.id, createdAt: beginning + hour })
      expect(Redacted.value(secret)).toMatch(/^cs_[A-Za-z0-9_-]{43}$/)
      expect(Option.getOrUndefined(yield* accounts.authenticate(secret))).toEqual({ account: ana, key: key.id })
      const listed = yield* admin.listKeys(ana.id)
      expect(listed).toEqual([key])
      expect(JSON.stringify(listed)).not.toContain(Redacted.value(secret).slice(3))
    })
  )

  clause(
    "A.4 nothing but the very secret authenticates",
    Effect.gen(function* () {
      const accounts = yield* Accounts
      const admin = yield* AccountAdmin
      const ana = yield* admin.createAccount({ email: "ana@example.com", name: "Ana" })
      const { key, secret } = yield* admin.createKey(ana.id)
      const text = Redacted.value(secret)
      const wrong = ["", "cs_", key.id, ana.id, text.slice(0, -1), `${text} `, `${text}=`, text.toUpperCase(), "\0"]
      for (const attempt of wrong) {
        expect(Option.isNone(yield* accounts.authenticate(Redacted.make(attempt)))).toBe(true)
      }
    })
  )

  clause(
    "A.5 a revoked key authenticates no more; the account's other keys do",
    Effect.gen(function* () {
      const accounts = yield* Accounts
      const admin = yield* AccountAdmin
      const ana = yield* admin.createAccount({ email: "ana@example.com", name: "Ana" })
      const one = yield* admin.createKey(ana.id)
      const two = yield* admin.createKey(ana.id)
      expect(Redacted.value(one.secret)).not.toBe(Redacted.value(two.secret))
      yield* TestClock.adjust(hour)
      const revoked = yield* admin.revokeKey(one.key.id)
      expect(revoked).toEqual({ ...one.key, revokedAt: beginning + hour })
      expect(Option.isNone(yield* accounts.authenticate(one.secret))).toBe(true)
      expect(Option.isSome(yield* accounts.authenticate(two.secret))).toBe(true)
      expect(byId(yield* admin.listKeys(ana.id))).toEqual(byId([revoked, two.key]))
      yield* TestClock.adjust(hour)
      expect(yield* admin.revokeKey(one.key.id)).toEqual(revoked)
    })
  )

  clause(
    "A.6 keys and organizations are made for accounts that exist, and keys revoked that exist",
    Effect.gen(function* () {
      const admin = yield* AccountAdmin
      for (const attempt of [admin.createOrganization("nobody", "One"), admin.createKey("nobody")]) {
        expect(yield* Effect.flip<unknown, unknown, never>(attempt)).toMatchObject({
          _tag: "AccountNotFound",
          what: "account",
          id: "nobody"
        })
      }
      expect(yield* Effect.flip(admin.revokeKey("nothing"))).toMatchObject({
        _tag: "AccountNotFound",
        what: "key",
        id: "nothing"
      })
      expect(yield* admin.listKeys("nobody")).toEqual([])
      expect(yield* admin.listOrganizations("nobody")).toEqual([])
    })
  )

  clause(
    "I.1 an installation has an id and an identity key of 32 bytes",
    Effect.gen(function* () {
      const { id, identityKey } = yield* Installation
      expect(id).not.toBe("")
      expect(Redacted.value(identityKey)).toBeInstanceOf(Uint8Array)
      expect(Redacted.value(identityKey).length).toBe(32)
      expect(new Set(Redacted.value(identityKey)).size).toBeGreaterThan(8)
    })
  )
}

const byId = <T extends { readonly id: string }>(list: ReadonlyArray<T>): ReadonlyArray<T> =>
  [...list].sort((a, b) => (a.id < b.id ? -1 : 1))
