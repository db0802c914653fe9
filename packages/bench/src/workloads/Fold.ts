/**
 * Decoding and folding a stream of 10, 50 and 1,000 events, as the Executor does before it decides; beside it, the same
 * texts parsed without a look at their shape and folded by the same function.
 */
import {
  AccountId,
  CanonicalAddress,
  DomainName,
  type EncodedEvent,
  evolve,
  fold as foldEvents,
  makeDnsPlan,
  notAdded,
  type SenderEvent,
  type SenderState,
  senderDecider
} from "@countersign/core"
import { Result } from "effect"
import type { Figure } from "../Figure.ts"
import { alternate, type Contender, perSecond, ratio, type Series } from "../Measure.ts"
import type { Workload } from "../Workload.ts"

const { codec } = senderDecider

export const fold: Workload = {
  name: "fold",
  run: async ({ progress, scale }) => {
    const figures: Array<Figure> = []
    for (const length of [10, 50, 1_000]) {
      progress(`fold: ${length} events`)
      const stored = makeHistory(length).map(codec.encode)
      const { ours, raw } = await alternate(
        {
          ours: repeat(() => decodeAndFold(stored), scale.foldMillis),
          raw: repeat(() => parseAndFold(stored), scale.foldMillis)
        },
        scale.rounds
      )
      figures.push({
        workload: describe(length, ours),
        ours: perSecond(ours),
        raw: perSecond(raw),
        ratio: ratio(ours, raw),
        aims: []
      })
    }
    return figures
  }
}

const describe = (length: number, { rate }: Series): string =>
  `fold of ${length.toLocaleString("en")} events (${(1e6 / rate).toFixed(1)} µs each, ${Math.round(rate * length).toLocaleString("en")} events/s)`

const repeat =
  (work: () => SenderState, millis: number): Contender =>
  async () => {
    const latencies: Array<number> = []
    const began = performance.now()
    let now = began
    while (now - began < millis || latencies.length === 0) {
      work()
      const since = now
      now = performance.now()
      latencies.push(now - since)
    }
    return { operations: latencies.length, seconds: (now - began) / 1_000, latencies: Float64Array.from(latencies) }
  }

const decodeAndFold = (stored: ReadonlyArray<EncodedEvent>): SenderState =>
  stored.reduce((state, event) => evolve(state, Result.getOrThrow(codec.decode(event))), notAdded)

/** The shape is taken on trust, which is what ours does not do. */
const parseAndFold = (stored: ReadonlyArray<EncodedEvent>): SenderState =>
  stored.reduce((state, { type, data }) => evolve(state, { _tag: type, ...JSON.parse(data) } as SenderEvent), notAdded)

/** A sender whose link was requested and confirmed, and whose domain then came and went. */
const makeHistory = (length: number): ReadonlyArray<SenderEvent> => {
  const began = Date.UTC(2026, 0, 1)
  const domain = DomainName.make("customer.com")
  const plan = makeDnsPlan(
    domain,
    ["a", "b", "c"].map((token) => token.repeat(32)),
    "dkim.countersign.net"
  )
  const address = CanonicalAddress.make(`billing@${domain}`)
  const verificationId = "0198c0de-0000-7000-8000-000000000001"
  const evidence = plan.records.map(({ name, value }) => ({
    ...{ name, type: "CNAME" as const, mode: "authoritative" as const, at: began },
    sources: ["192.0.2.53:53", "198.51.100.53:53"].map((server) => ({
      ...{ server, role: "authoritative" as const, outcome: "records" as const },
      records: [{ type: "CNAME", value, ttl: 300 }]
    }))
  }))
  const opening: ReadonlyArray<SenderEvent> = [
    {
      _tag: "SenderAdded",
      at: began,
      account: AccountId.make("0b6f6a52-5a0e-4c8e-9f0b-6d3f4f2a7c11"),
      owner: { _tag: "Account" },
      kind: "email",
      address,
      canonical: address,
      domain,
      plan,
      metadata: { customer: "c-1" },
      notifyAccount: false
    },
    { _tag: "VerificationRequested", at: began, verificationId, notBefore: began, expiresAt: began + 86_400_000 },
    {
      _tag: "VerificationMailSent",
      at: began,
      verificationId,
      messageId: `<${verificationId}@countersign.net>`,
      expiresAt: began
    },
    { _tag: "EmailVerified", at: began, verificationId },
    { _tag: "DomainVerified", at: began, evidence }
  ]
  const history = Array.from({ length: Math.max(0, length - opening.length) }, (_, index): SenderEvent => {
    const at = began + index * 86_400_000
    return index % 2 === 0
      ? { _tag: "DomainDegraded", at, negatives: [{ at, evidence }] }
      : { _tag: "DomainRecovered", at, evidence }
  })
  const whole = [...opening, ...history]
  if (foldEvents(whole)._tag !== "Sender") throw new Error("the history is not one of a sender")
  return whole
}
