/**
 * Adding a sender: the address becomes its id, the id its stream, and the stream decides whether it is new.
 */
import {
  type AccountId,
  accountOwner,
  canonicalDomain,
  type DnsPlan,
  type DomainName,
  declinedUntil,
  type EmailAddress,
  isLive,
  longestPlannableDomain,
  mailboxDecider,
  mailboxId,
  makeIdentity,
  Owner,
  parseDomain,
  parseEmailAddress,
  planKey,
  type SenderId,
  SenderKind,
  senderDecider,
  view
} from "@countersign/core"
import { Effect, Option, Redacted, Result, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { Ids } from "../Ids.ts"
import { DkimProvider } from "../ports/DkimProvider.ts"
import { Installation } from "../ports/Installation.ts"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import { neverRefused } from "../Refusals.ts"
import { AddressRefused, CommandIdReused } from "../SenderErrors.ts"
import { Settings } from "../Settings.ts"
import { Caller, request, useCase } from "./UseCase.ts"

/** What is added, and for whom. */
const AddInput = Schema.Struct({
  ...Caller.fields,
  /** The account itself when absent. */
  owner: Schema.optionalKey(Owner),
  /** `email` when absent. */
  kind: Schema.optionalKey(SenderKind),
  /** An address; for kind `domain`, a domain. */
  address: Schema.String,
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  /** Mail a notice to the account's own address, too. */
  notifyAccount: Schema.optionalKey(Schema.Boolean)
})
type AddInput = typeof AddInput.Type

/** `created` is false when the owner had this sender already: then it is as it was. */
export interface Added {
  readonly created: boolean
  readonly sender: ListedSender
}

/** Room that the selectors of the DKIM provider need in a DNS name, in characters. */
const selectorLength = 32

export const add = useCase(
  "add",
  AddInput,
  Effect.gen(function* () {
    const { identityKey } = yield* Installation
    const { allowTestNames } = yield* Settings
    const dkim = yield* DkimProvider
    const directory = yield* SenderDirectory
    const executor = yield* Executor
    const ids = yield* Ids
    const identity = makeIdentity(Redacted.value(identityKey))

    /** What the account knows of the domain from another sender: that it is proven, and whether it is degraded. */
    const provenBy = Effect.fnUntraced(function* (account: AccountId, domain: DomainName, plan: DnsPlan) {
      const [oldest] = yield* directory.onDomain(account, domain, 0, 1)
      if (oldest === undefined || (oldest.domainState !== "verified" && oldest.domainState !== "degraded")) return {}
      // A proof of other records, of another zone or other tokens, proves nothing here.
      if (planKey(oldest.plan) !== planKey(plan)) return {}
      // Nor does a sender whose events cannot be read, which must not keep others from being added.
      const loaded = yield* Effect.catchTag(executor.load(senderDecider, oldest.id), "EventUndecodable", () =>
        Effect.succeed(undefined)
      )
      if (loaded === undefined || !isLive(loaded.state) || loaded.state.domainState !== oldest.domainState) return {}
      const { domainState, negatives, proof } = loaded.state
      const from = { sender: oldest.id, version: loaded.version }
      return { proven: { from, proof, ...(domainState === "degraded" ? { degradedBy: negatives } : {}) } }
    })

    /** The sender as it was when the command was done, whenever the answer is asked for. */
    const asItWas = Effect.fnUntraced(function* (account: AccountId, id: SenderId, version: number) {
      const { state } = yield* executor.load(senderDecider, id, version)
      const entry = view(id, state)
      const now = yield* directory.find(account, id)
      // The receipt is of a call for another sender, or of a removal: the key was used for something else.
      if (entry === undefined) return yield* new CommandIdReused()
      return { ...entry, position: Option.match(now, { onNone: () => 0, onSome: ({ position }) => position }) }
    })

    return Effect.fnUntraced(function* (input: AddInput) {
      const { account, kind = "email", owner = accountOwner, metadata = {}, notifyAccount = false } = input
      const { typed: address, canonical, domain } = yield* readAddress(kind, input.address, allowTestNames)
      const id = identity.senderId({ account, owner, kind, canonical })
      const mailbox = mailboxId(account, canonical)

      const executed = yield* executor.execute(
        yield* request(input),
        Effect.fnUntraced(function* (tx) {
          const { state, at } = yield* tx.read(senderDecider, id)
          const plan = yield* dkim.plan(account, domain)
          // What is already there stays as it is: nothing has to be known for it.
          const declined = isLive(state)
            ? undefined
            : declinedUntil((yield* tx.read(mailboxDecider, mailbox)).state, at)
          return yield* tx.decide(senderDecider, id, {
            _tag: "AddSender",
            ...{ at, account, owner, kind, address, canonical, domain, plan, metadata, notifyAccount },
            verificationId: yield* ids.next,
            ...(isLive(state) ? {} : yield* provenBy(account, domain, plan)),
            ...(declined === undefined ? {} : { declinedUntil: declined })
          })
        }, Effect.catchTags(neverRefused))
      )

      const created = executed.outcomes.some((outcome) => outcome.id === id && outcome.happened)
      const entry = executed._tag === "Done" && created ? view(id, executed.value.state) : undefined
      const position = executed._tag === "Done" ? executed.positions.get(id) : undefined
      if (entry !== undefined && position !== undefined)
        return { created, sender: { ...entry, position } } satisfies Added
      const now = executed._tag === "Done" ? yield* directory.find(account, id) : Option.none()
      const version = executed.outcomes.find((outcome) => outcome.id === id)?.version ?? 0
      const sender = Option.isSome(now) ? now.value : yield* asItWas(account, id, version)
      return { created, sender } satisfies Added
    })
  })
)

const readAddress = Effect.fnUntraced(function* (kind: SenderKind, input: string, allowTestNames: boolean) {
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
    (domain): Pick<EmailAddress, "typed" | "canonical" | "domain"> => ({
      typed: input,
      canonical: canonicalDomain(domain),
      domain
    })
  )
