/**
 * Adding a sender: the address becomes its id, the id its stream, and the stream decides whether it is new.
 */
import {
  type DnsPlan,
  type EmailAddress,
  isLive,
  longestPlannableDomain,
  makeIdentity,
  parseDomain,
  parseEmailAddress
} from "@countersign/core"
import { Effect, Option, Redacted, Result } from "effect"
import { Executor } from "../Executor.ts"
import { DkimProvider } from "../ports/DkimProvider.ts"
import { Installation } from "../ports/Installation.ts"
import { MailBudget, mailboxHash } from "../ports/MailBudget.ts"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import { AddressRefused } from "../SenderErrors.ts"
import type { Added, AddInput, Caller } from "../Senders.ts"
import { Settings } from "../Settings.ts"
import { type Commands, listed } from "./Commands.ts"

/** Selectors of the DKIM provider that leave room in a DNS name. */
const selectorLength = 32

export const makeAdd = (commands: Commands) =>
  Effect.gen(function* () {
    const { identityKey } = yield* Installation
    const { allowTestNames } = yield* Settings
    const dkim = yield* DkimProvider
    const directory = yield* SenderDirectory
    const budget = yield* MailBudget
    const executor = yield* Executor
    const identity = makeIdentity(Redacted.value(identityKey))

    /** What the account knows of the domain from another sender: that it is proven, and whether it is degraded. */
    const provenBy = Effect.fnUntraced(function* (
      account: string,
      { domain, plan }: { domain: string; plan: DnsPlan }
    ) {
      const [oldest] = yield* directory.onDomain(account, domain, 0, 1)
      if (oldest === undefined || (oldest.domainState !== "verified" && oldest.domainState !== "degraded")) return {}
      const { state } = yield* executor.load(oldest.id)
      // A proof of other records, of before the zone was changed, proves nothing here.
      if (!isLive(state) || state.domainState !== oldest.domainState || state.plan.zone !== plan.zone) return {}
      const degraded = state.domainState === "degraded" ? { degradedBy: state.evidence } : {}
      return { proven: { proof: state.proof, ...degraded } }
    })

    /** Whether the mailbox owner wants no mail from the account. */
    const silencedBy = Effect.fnUntraced(function* (account: string, canonical: string) {
      const declinedUntil = yield* budget.silencedUntil({ account, addressHash: mailboxHash(canonical) })
      return declinedUntil === undefined ? {} : { declinedUntil }
    })

    const add = Effect.fn("Senders.add")(function* (caller: Caller, input: AddInput) {
      const kind = input.kind ?? "email"
      const address = yield* readAddress(kind, input.address, allowTestNames)
      const { account } = caller
      const { owner } = input
      const { canonical, domain, typed } = address
      const sender = identity.senderId({ account, owner, kind, canonical })
      const [outcome] = yield* commands.run(caller, [
        {
          sender,
          command: Effect.fnUntraced(function* ({ at, state }) {
            const plan = yield* dkim.plan(account, domain)
            // What is already there stays as it is: nothing has to be known for it.
            const known = isLive(state)
              ? {}
              : { ...(yield* provenBy(account, { domain, plan })), ...(yield* silencedBy(account, canonical)) }
            return {
              _tag: "AddSender",
              at,
              account,
              owner,
              kind,
              address: typed,
              canonical,
              domain,
              plan,
              metadata: input.metadata ?? {},
              notifyAccount: input.notifyAccount ?? false,
              verificationId: yield* commands.nextId,
              ...known
            }
          })
        }
      ])
      if (outcome === undefined) return yield* Effect.die(new Error("a command over one sender has one outcome"))
      const found = yield* answer(account, outcome.sender, outcome)
      return { created: outcome.happened, sender: found } satisfies Added
    })

    /** The sender as it was when the command was done, whenever the answer is asked for. */
    const answer = Effect.fnUntraced(function* (
      account: string,
      sender: string,
      outcome: Effect.Success<ReturnType<Commands["run"]>>[number]
    ) {
      const { done } = outcome
      if (done !== undefined && done.position > 0) {
        const fresh = listed(sender, done.state, done.position)
        if (fresh !== undefined) return fresh
      }
      const now = yield* directory.find(account, sender)
      if (done !== undefined && Option.isSome(now)) return now.value
      const then = yield* executor.load(sender, outcome.version)
      const position = Option.match(now, { onNone: () => 0, onSome: (entry: ListedSender) => entry.position })
      const past = listed(sender, then.state, position)
      return past ?? (yield* Effect.die(new Error(`sender ${sender} was added, but is not in its own stream`)))
    })

    return add
  })

const readAddress = Effect.fnUntraced(function* (kind: "email" | "domain", input: string, allowTestNames: boolean) {
  const parsed = kind === "email" ? parseEmailAddress(input, { allowTestNames }) : readDomain(input, allowTestNames)
  if (Result.isFailure(parsed)) return yield* new AddressRefused(parsed.failure)
  const limit = longestPlannableDomain(selectorLength)
  if (parsed.success.domain.length > limit) {
    return yield* new AddressRefused({
      code: "domain-too-long-for-dkim",
      message: `The domain is longer than ${limit} characters: no room is left for the names of its DKIM records.`
    })
  }
  return parsed.success
})

const readDomain = (input: string, allowTestNames: boolean) =>
  Result.map(
    parseDomain(input, { allowTestNames }),
    (domain): Pick<EmailAddress, "typed" | "canonical" | "domain"> => ({ typed: input, canonical: domain, domain })
  )
