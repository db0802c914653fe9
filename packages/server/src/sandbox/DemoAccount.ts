/**
 * The account that a newcomer plays with: made at the first start in a folder, found again at every later one. The key
 * is new each time, because only hashes of keys are stored.
 */
import { AccountAdmin, Accounts } from "@countersign/engine"
import { Context, Effect, Layer, Option, type Redacted } from "effect"
import type { SandboxFolder } from "./SandboxFolder.ts"

const email = "demo@countersign.example"

export class DemoAccount extends Context.Service<
  DemoAccount,
  {
    readonly account: { readonly id: string; readonly email: string }
    readonly organization: { readonly id: string }
    readonly accessToken: Redacted.Redacted
  }
>()("countersign/DemoAccount") {
  static readonly layer = (folder: SandboxFolder) => Layer.effect(DemoAccount, make(folder))
}

const make = Effect.fn("DemoAccount.make")(function* (folder: SandboxFolder) {
  const admin = yield* AccountAdmin
  const demo = (yield* storedDemo(folder)) ?? (yield* createDemo(folder))
  const { secret } = yield* admin.createKey(demo.account)
  return DemoAccount.of({
    account: { id: demo.account, email },
    organization: { id: demo.organization },
    accessToken: secret
  })
})

/** The ids in the folder, unless the store that they are of is gone. */
const storedDemo = Effect.fnUntraced(function* (folder: SandboxFolder) {
  const accounts = yield* Accounts
  const demo = yield* folder.demo
  if (demo === undefined) return undefined
  const organization = yield* accounts.organization(demo.account, demo.organization)
  return Option.isSome(organization) ? demo : undefined
})

/** A start that was killed before it noted the ids has left an account behind: it is taken, not doubled. */
const createDemo = Effect.fnUntraced(function* (folder: SandboxFolder) {
  const admin = yield* AccountAdmin
  const left = (yield* admin.listAccounts).find((account) => account.email === email)
  const account = left ?? (yield* admin.createAccount({ email, name: "Demo" }))
  const [first] = yield* admin.listOrganizations(account.id)
  const organization = first ?? (yield* admin.createOrganization(account.id, "Demo organization"))
  const demo = { account: account.id, organization: organization.id }
  yield* folder.saveDemo(demo)
  return demo
})
