/**
 * The senders of the accounts that send, in memory: what a send plan is looked up in, without a read of the storage.
 *
 * `SendPlans` fills it account by account and keeps it up with the log. Plain data structures: nothing in here waits.
 */
import type { AccountId, SenderId } from "@countersign/core"
import type { ListedSender } from "../ports/SenderDirectory.ts"

/** Accounts that did not send for longest are forgotten beyond so many senders. */
const mostSenders = 1_000_000

interface AccountIndex {
  readonly byId: Map<SenderId, ListedSender>
  /** By canonical address, and for whole-domain senders by domain. */
  readonly byName: Map<string, Array<ListedSender>>
  /** Active address senders by the organization's id, `""` for the account's own; the newest last. */
  readonly activeOf: Map<string, Array<ListedSender>>
}

const organizationOf = ({ owner }: ListedSender): string => (owner._tag === "Organization" ? owner.organization : "")

const isEffective = ({ kind, status }: ListedSender): boolean => kind === "email" && status === "active"

/** The index: see the top of the file. */
export class SenderIndex {
  readonly #accounts = new Map<AccountId, AccountIndex>()
  readonly #accountOf = new Map<string, AccountId>()

  has(account: AccountId): boolean {
    return this.#accounts.has(account)
  }

  /** The account of a sender that is in the index. */
  accountOf(sender: string): AccountId | undefined {
    return this.#accountOf.get(sender)
  }

  /** Takes an account's live senders, all of them. */
  fill(account: AccountId, senders: ReadonlyArray<ListedSender>): void {
    this.forget(account)
    const index: AccountIndex = { byId: new Map(), byName: new Map(), activeOf: new Map() }
    this.#accounts.set(account, index)
    for (const sender of senders) this.#insert(index, sender)
    for (const oldest of this.#accounts.keys()) {
      if (this.#accountOf.size <= mostSenders || oldest === account) return
      this.forget(oldest)
    }
  }

  forget(account: AccountId): void {
    for (const id of this.#accounts.get(account)?.byId.keys() ?? []) this.#accountOf.delete(id)
    this.#accounts.delete(account)
  }

  /** What the directory has of a sender now; `undefined` when it is not live. */
  put(account: AccountId, id: SenderId, sender: ListedSender | undefined): void {
    const index = this.#accounts.get(account)
    if (index === undefined) return
    const before = index.byId.get(id)
    if (before !== undefined) this.#remove(index, before)
    if (sender !== undefined) this.#insert(index, sender)
  }

  /** An account's senders with this canonical address, or those of this whole domain. */
  named(account: AccountId, name: string): ReadonlyArray<ListedSender> {
    return this.#accounts.get(account)?.byName.get(name) ?? []
  }

  /** The newest active address sender of an organization, or of the account itself. */
  newest(account: AccountId, organization: string): ListedSender | undefined {
    return this.#accounts.get(account)?.activeOf.get(organization)?.at(-1)
  }

  #insert(index: AccountIndex, sender: ListedSender): void {
    index.byId.set(sender.id, sender)
    this.#accountOf.set(sender.id, sender.account)
    index.byName.set(sender.canonical, [...(index.byName.get(sender.canonical) ?? []), sender])
    if (!isEffective(sender)) return
    const organization = organizationOf(sender)
    const active = [...(index.activeOf.get(organization) ?? []), sender]
    index.activeOf.set(
      organization,
      active.sort((a, b) => a.position - b.position)
    )
  }

  #remove(index: AccountIndex, sender: ListedSender): void {
    index.byId.delete(sender.id)
    this.#accountOf.delete(sender.id)
    without(index.byName, sender.canonical, sender)
    without(index.activeOf, organizationOf(sender), sender)
  }
}

const without = (lists: Map<string, Array<ListedSender>>, key: string, sender: ListedSender): void => {
  const rest = (lists.get(key) ?? []).filter(({ id }) => id !== sender.id)
  if (rest.length === 0) lists.delete(key)
  else lists.set(key, rest)
}
