/**
 * Generated histories of one sender and of its mailbox: what owners, mail servers, the DNS, operators and the clock do
 * to them, in any order.
 *
 * For the laws of the domain (`packages/core/test/laws.test.ts`) and for tests of the engine and of adapters. A step
 * says what is done in words ("a click on an older link"); `playHistory` turns it into a command by what has happened
 * so far. So a step fits any history, and a failing one shrinks to the steps that matter.
 */
import {
  AccountId,
  CanonicalAddress,
  type DnsPlan,
  DomainName,
  makeDnsPlan,
  OrganizationId,
  type Owner,
  type SenderKind
} from "@countersign/core"
import type { Schema } from "effect"
import fc from "fast-check"
import type { Sight } from "./Sights.ts"

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** When generated histories begin, in milliseconds since the epoch. */
export const historyBeginning = Date.UTC(2030, 0, 1)

/** Which link a click or an outcome is about. `foreign` was never issued here. */
export type LinkChoice = "current" | "older" | "foreign"

/** What is done. A `late` outcome is one of the incarnation before. */
export type HistoryAct =
  | { readonly _tag: "Add"; readonly proven: boolean }
  | { readonly _tag: "Request" }
  | { readonly _tag: "Confirm"; readonly link: LinkChoice }
  | { readonly _tag: "Decline"; readonly link: LinkChoice }
  /** The owner of the mailbox declines by the link of another sender that the account has for the address. */
  | { readonly _tag: "DeclineElsewhere" }
  /** An operator takes the decline back. */
  | { readonly _tag: "LiftDecline" }
  | { readonly _tag: "MailSent"; readonly link: LinkChoice; readonly late: boolean }
  | { readonly _tag: "MailFailed"; readonly link: LinkChoice; readonly late: boolean; readonly permanent: boolean }
  | { readonly _tag: "Expire"; readonly link: LinkChoice; readonly late: boolean }
  | {
      readonly _tag: "Probe"
      readonly late: boolean
      readonly onDemand: boolean
      /** One for each record of the plan. */
      readonly sights: ReadonlyArray<Sight>
      /** Negatives in a row, this one included, and how long ago the first was, in milliseconds. */
      readonly streak: { readonly count: number; readonly age: number }
      /** The DNS as a whole is in doubt. */
      readonly held: boolean
    }
  | { readonly _tag: "Remove" }

/** `elapsed` milliseconds after the step before it; negative when the clock was put back. */
export interface HistoryStep {
  readonly elapsed: number
  readonly act: HistoryAct
}

/** Who the history is about. */
export interface HistorySubject {
  readonly account: AccountId
  readonly owner: Owner
  readonly kind: SenderKind
  readonly address: string
  readonly canonical: CanonicalAddress
  readonly domain: DomainName
  readonly plan: DnsPlan
  readonly metadata: { readonly [key: string]: Schema.Json }
  readonly notifyAccount: boolean
}

/** Steps in their order: what happened to one sender. */
export interface History {
  readonly subject: HistorySubject
  readonly steps: ReadonlyArray<HistoryStep>
}

// -----------------------------------------------------------------------------------------------------------
// arbitraries

/** Waits, many of them at and around the periods of the domain: 60 s, 1 h, 24 h, 72 h, 30 d. */
const arbitraryElapsed: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 90 * second }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 25 * hour }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(0, minute, hour, day, 72 * hour, 30 * day), fc.constantFrom(-1, 0, 1))
      .map(([period, nudge]) => Math.max(0, period + nudge))
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 * day }) }
)

const arbitraryBackwards: fc.Arbitrary<number> = fc.oneof(
  { weight: 9, arbitrary: arbitraryElapsed },
  { weight: 1, arbitrary: fc.integer({ min: -2 * day, max: -1 }) }
)

const arbitraryLink: fc.Arbitrary<LinkChoice> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<LinkChoice>("current") },
  { weight: 2, arbitrary: fc.constant<LinkChoice>("older") },
  { weight: 1, arbitrary: fc.constant<LinkChoice>("foreign") }
)

const seldom: fc.Arbitrary<boolean> = fc.integer({ min: 0, max: 9 }).map((chance) => chance === 9)

const arbitraryRight = fc.constantFrom<Sight>(
  "right",
  "right in capitals",
  "right over hops",
  "right, unknown to a cache",
  "right by a resolver"
)
const arbitraryUnsure = fc.constantFrom<Sight>(
  "unavailable",
  "unavailable behind a hop",
  "right at one server",
  "servers disagree",
  "not observed"
)
const arbitraryWrong = fc.constantFrom<Sight>(
  "no name",
  "no data",
  "wrong target",
  "another's target",
  "two targets",
  "other type",
  "no name by a server and a resolver",
  "no name, cached as right"
)
/** Wrong, but not by all that would have to agree. */
const arbitraryDoubtful = fc.constantFrom<Sight>(
  "no name at one server",
  "no name by a resolver",
  "no data by a resolver"
)
const arbitrarySight: fc.Arbitrary<Sight> = fc.oneof(arbitraryRight, arbitraryWrong, arbitraryUnsure)

const sightsOf = (sight: fc.Arbitrary<Sight>): fc.Arbitrary<ReadonlyArray<Sight>> => fc.tuple(sight, sight, sight)

const arbitraryProbe: fc.Arbitrary<HistoryAct> = fc.record({
  _tag: fc.constant("Probe" as const),
  late: seldom,
  onDemand: fc.integer({ min: 0, max: 3 }).map((chance) => chance === 3),
  sights: fc.oneof(
    { weight: 3, arbitrary: sightsOf(arbitraryRight) },
    { weight: 4, arbitrary: sightsOf(arbitrarySight) },
    { weight: 2, arbitrary: sightsOf(fc.oneof(arbitraryDoubtful, arbitraryRight, arbitraryUnsure)) },
    { weight: 2, arbitrary: sightsOf(fc.oneof(arbitraryUnsure, arbitraryRight)) }
  ),
  streak: fc.record({
    count: fc.integer({ min: 1, max: 5 }),
    age: fc.constantFrom(0, hour - 1, hour, hour + 1, 6 * hour)
  }),
  held: seldom
})

const act = <T extends HistoryAct["_tag"]>(tag: T) => ({ _tag: fc.constant(tag) })

const arbitraryAct: fc.Arbitrary<HistoryAct> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...act("Add"), proven: seldom }) },
  { weight: 3, arbitrary: fc.record(act("Request")) },
  { weight: 3, arbitrary: fc.record({ ...act("Confirm"), link: arbitraryLink }) },
  { weight: 1, arbitrary: fc.record({ ...act("Decline"), link: arbitraryLink }) },
  { weight: 1, arbitrary: fc.record(act("DeclineElsewhere")) },
  { weight: 1, arbitrary: fc.record(act("LiftDecline")) },
  { weight: 3, arbitrary: fc.record({ ...act("MailSent"), link: arbitraryLink, late: seldom }) },
  {
    weight: 2,
    arbitrary: fc.record({ ...act("MailFailed"), link: arbitraryLink, late: seldom, permanent: fc.boolean() })
  },
  { weight: 3, arbitrary: fc.record({ ...act("Expire"), link: arbitraryLink, late: seldom }) },
  { weight: 10, arbitrary: arbitraryProbe },
  { weight: 1, arbitrary: fc.record(act("Remove")) }
)

// V8 13.6 (Node 24) reads the key `"` as a backslash once it has read an object with that key in its place: no history
// may stumble over it.
const arbitraryKey = fc
  .oneof(fc.string({ maxLength: 8 }), fc.constantFrom("__proto__", "constructor", ""))
  .filter((key) => key !== '"' && key !== "\\")

const arbitraryJson: fc.Arbitrary<{ readonly [key: string]: Schema.Json }> = fc.dictionary(
  arbitraryKey,
  fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 })
  ),
  { maxKeys: 3, noNullPrototype: true }
)

const domain = DomainName.make("sender.example.com")
const plan = makeDnsPlan(domain, ["aaaa2222", "bbbb3333", "cccc4444"], "dkim.example.org")

/** A sender of either kind and owner, on a plan of three records. */
export const arbitrarySubject: fc.Arbitrary<HistorySubject> = fc
  .record({
    account: fc.constant(AccountId.make("account-1")),
    owner: fc.constantFrom<Owner>(
      { _tag: "Account" },
      { _tag: "Organization", organization: OrganizationId.make("organization-1") }
    ),
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant<SenderKind>("email") },
      { weight: 1, arbitrary: fc.constant<SenderKind>("domain") }
    ),
    metadata: arbitraryJson,
    notifyAccount: fc.boolean()
  })
  .map((facts) => ({
    ...facts,
    ...(facts.kind === "domain"
      ? { owner: { _tag: "Account" } as const, address: "Sender.example.com", canonical: CanonicalAddress.make(domain) }
      : { address: `Jane.Doe@${domain}`, canonical: CanonicalAddress.make(`jane.doe@${domain}`) }),
    domain,
    plan
  }))

/**
 * A history of up to `length` steps, which most often begins with an add. The clock may be put back unless said
 * otherwise.
 */
export const arbitraryHistory = (
  options: { readonly length?: number; readonly clock?: "any" | "forward" } = {}
): fc.Arbitrary<History> => {
  const elapsed = options.clock === "forward" ? arbitraryElapsed : arbitraryBackwards
  const step = fc.record({ elapsed, act: arbitraryAct })
  const added = fc.record({ elapsed: fc.constant(0), act: fc.record({ ...act("Add"), proven: seldom }) })
  return fc.record({
    subject: arbitrarySubject,
    steps: fc
      .tuple(
        fc.option(added, { freq: 9 }),
        fc.array(step, { minLength: 1, maxLength: options.length ?? 40, size: "max" })
      )
      .map(([first, rest]) => (first === null ? rest : [first, ...rest]))
  })
}
