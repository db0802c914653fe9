/**
 * Commits as the product writes them when a sender is added: made by the same pure functions that the Executor calls.
 *
 * Two events, the directory entry with its metadata, the three tasks that follow, and the receipt. Every sender has a
 * domain of its own, so that none of the tasks falls together with another's.
 */
import {
  AccountId,
  accountOwner,
  type CanonicalAddress,
  type DomainName,
  decide,
  evolve,
  makeDnsPlan,
  makeIdentity,
  notAdded,
  react,
  type SenderEvent,
  type SenderId,
  senderDecider,
  view
} from "@countersign/core"
import { type Commit, Ids } from "@countersign/engine"
import { Brand, Effect } from "effect"

const account = AccountId.make("0b6f6a52-5a0e-4c8e-9f0b-6d3f4f2a7c11")
const actor = "key:6f1f8a0e-3d4b-4f7e-8a55-0c9f1d2e3b44"
const identity = makeIdentity(new Uint8Array(32).fill(7))

const domainName = Brand.nominal<DomainName>()
const canonicalAddress = Brand.nominal<CanonicalAddress>()

const nextId = (): string => Effect.runSync(Effect.flatMap(Effect.service(Ids), ({ next }) => next))

/** `count` commits; `from` counts on from one call to the next, so that every sender is another. */
export const makeAddCommits = (from: number, count: number): ReadonlyArray<Commit> =>
  Array.from({ length: count }, (_, index) => makeAddCommit(from + index))

const makeAddCommit = (number: number): Commit => {
  const at = Date.now()
  const domain = domainName(`customer-${number}.com`)
  const address = canonicalAddress(`billing@${domain}`)
  const sender = identity.senderId({ account, owner: accountOwner, kind: "email", canonical: address })
  const command = nextId()
  const decision = decide(notAdded, {
    _tag: "AddSender",
    at,
    account,
    owner: accountOwner,
    kind: "email",
    address,
    canonical: address,
    domain,
    plan: makeDnsPlan(domain, identity.dkimTokens(account, domain), "dkim.countersign.net"),
    metadata: { customer: `c-${number}` },
    notifyAccount: false,
    verificationId: nextId()
  })
  if (decision._tag !== "Happened") throw new Error(`adding ${address} was decided as ${decision._tag}`)
  return {
    account,
    command: {
      id: command,
      fingerprint: "",
      result: JSON.stringify({ senders: [{ sender, version: decision.events.length, happened: true }] })
    },
    appends: [toAppend(sender, command, decision.events)]
  }
}

const toAppend = (sender: SenderId, command: string, events: ReadonlyArray<SenderEvent>): Commit["appends"][number] => {
  const meta = JSON.stringify({ actor, command, correlation: command })
  let state = notAdded
  const tasks = events.flatMap((event) => {
    state = evolve(state, event)
    return state._tag === "Sender" ? react(sender, state, event) : []
  })
  return {
    stream: sender,
    expected: 0,
    events: events.map((event) => ({ ...senderDecider.codec.encode(event), meta })),
    entry: view(sender, state),
    tasks
  }
}
