/**
 * `onChange` over random histories: every change of every sender's status once, in order, and nothing else. What it
 * must tell is folded from the senders' own histories.
 */
import { evolve, type SenderState, statusOf } from "@countersign/core"
import { long, seed } from "@countersign/testkit"
import type { StatusChange } from "countersign"
import { makeTestCountersign, type TestCountersign } from "countersign/testing"
import fc from "fast-check"
import { expect, it } from "vitest"

const account = "acme"
const addresses = ["a@acme.com", "b@acme.com", "a@acme.org"] as const
const owners = [{ _tag: "Account" }, { _tag: "Organization", organization: "sales" }] as const

type Act =
  | { readonly act: "add"; readonly address: number; readonly owner: number }
  | {
      readonly act: "confirm" | "decline" | "resend" | "remove" | "publish" | "unpublish" | "probe"
      readonly who: number
    }
  | { readonly act: "removeAll"; readonly owner: number }
  | { readonly act: "wait"; readonly time: "1 second" | "2 minutes" | "3 hours" | "2 days" | "4 days" }
  /** One more listener: it is told what the first one is. */
  | { readonly act: "listen" }

const below = (limit: number) => fc.nat({ max: limit - 1 })
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant("add"), address: below(addresses.length), owner: below(2) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      act: fc.constantFrom(
        "confirm",
        "confirm",
        "decline",
        "resend",
        "remove",
        "publish",
        "publish",
        "unpublish",
        "probe"
      ),
      who: below(6)
    })
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("removeAll"), owner: below(2) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant("wait"),
      time: fc.constantFrom("1 second", "2 minutes", "2 minutes", "3 hours", "2 days", "4 days")
    })
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("listen") }) }
)

/** A life in which a status changes in every way that there is. */
const everything: ReadonlyArray<Act> = [
  { act: "add", address: 0, owner: 0 },
  { act: "wait", time: "1 second" },
  { act: "confirm", who: 0 },
  { act: "publish", who: 0 },
  { act: "wait", time: "2 minutes" },
  { act: "add", address: 1, owner: 0 },
  { act: "wait", time: "1 second" },
  { act: "unpublish", who: 0 },
  { act: "wait", time: "4 days" },
  { act: "wait", time: "4 days" },
  { act: "publish", who: 0 },
  { act: "wait", time: "3 hours" },
  { act: "wait", time: "3 hours" },
  { act: "resend", who: 1 },
  { act: "wait", time: "1 second" },
  { act: "confirm", who: 1 },
  { act: "remove", who: 0 },
  { act: "listen" },
  { act: "add", address: 0, owner: 0 },
  { act: "add", address: 2, owner: 0 },
  { act: "wait", time: "1 second" },
  { act: "decline", who: 2 },
  { act: "removeAll", owner: 0 }
]

/** A change at the moment when a listener begins. */
const atOnce: ReadonlyArray<Act> = [
  { act: "add", address: 0, owner: 0 },
  { act: "add", address: 0, owner: 1 },
  { act: "confirm", who: 0 },
  { act: "confirm", who: 0 },
  { act: "listen" },
  { act: "confirm", who: 1 }
]

type Told = readonly [sender: string, before: string | undefined, after: string]

const tell = ({ sender, before, after }: StatusChange): Told => [sender.id, before, after]

/** Does an act; what is refused changes nothing, which is seen in the end. */
const perform = async (countersign: TestCountersign, ids: Array<string>, each: Exclude<Act, { act: "listen" }>) => {
  const { senders, dns } = countersign
  const refusedOr = (call: Promise<unknown>) => call.catch(() => undefined)
  switch (each.act) {
    case "add": {
      const owner = owners[each.owner] ?? owners[0]
      const { sender } = await senders.add({ account, owner, address: addresses[each.address] ?? addresses[0] })
      if (!ids.includes(sender.id)) ids.push(sender.id)
      return
    }
    case "removeAll":
      return senders.removeAll({ account, owner: owners[each.owner] ?? owners[0] })
    case "wait":
      return countersign.advance(each.time)
    default: {
      const id = ids[each.who % Math.max(1, ids.length)]
      if (id === undefined) return
      if (each.act === "publish") return refusedOr(dns.publish({ account, id }))
      if (each.act === "unpublish") {
        const { plan } = await senders.get({ account, id }).catch(() => ({ plan: { records: [] } }))
        for (const { name } of plan.records) await dns.remove(name)
        return
      }
      if (each.act === "confirm" || each.act === "decline") return refusedOr(useLink(countersign, id, each.act))
      return refusedOr(senders[each.act]({ account, id }))
    }
  }
}

/** Uses the sender's newest link. */
const useLink = async ({ senders, mails }: TestCountersign, id: string, act: "confirm" | "decline") => {
  const history = await senders.history({ account, id })
  const sent = history.findLast(({ event }) => event._tag === "VerificationMailSent")?.event
  const mail = (await mails()).find(
    ({ messageId }) => sent?._tag === "VerificationMailSent" && messageId === sent.messageId
  )
  return senders[act]({ token: mail?.link?.split("/").at(-1) ?? "no mail" })
}

/** What a sender's own history comes to. */
const changesOf = async ({ senders }: TestCountersign, id: string): Promise<ReadonlyArray<Told>> => {
  let state: SenderState = { _tag: "NotAdded" }
  const changes: Array<Told> = []
  for (const { event } of await senders.history({ account, id })) {
    const before = state._tag === "Sender" ? statusOf(state) : undefined
    state = evolve(state, event)
    if (state._tag === "Sender" && statusOf(state) !== before) changes.push([id, before, statusOf(state)])
  }
  return changes
}

const seen = new Set<string>()

const play = async (acts: ReadonlyArray<Act>) => {
  const countersign = await makeTestCountersign()
  try {
    const listeners: Array<Array<StatusChange>> = []
    const listen = () => {
      const told: Array<StatusChange> = []
      listeners.push(told)
      countersign.onChange((change) => told.push(change))
    }
    listen()
    const ids: Array<string> = []
    for (const each of acts) {
      if (each.act === "listen") listen()
      else await perform(countersign, ids, each)
    }
    await countersign.advance("1 second")
    const expected = await Promise.all(ids.map((id) => changesOf(countersign, id)))
    for (const changes of listeners) {
      expect(ids.map((id) => changes.filter(({ sender }) => sender.id === id).map(tell))).toEqual(expected)
      expect(changes).toHaveLength(expected.flat().length)
      const positions = changes.map(({ position }) => position)
      expect(positions).toEqual([...new Set(positions)].sort((one, other) => one - other))
    }
    for (const [, before, after] of expected.flat()) seen.add(`${before} -> ${after}`)
  } finally {
    await countersign.close()
  }
}

it("a listener is told every change of status once, in order, and nothing else", async () => {
  const property = fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40, size: "max" }), play)
  await fc.assert(property, { numRuns: long ? 1_000 : 15, seed, examples: [[[...everything]], [[...atOnce]]] })
  console.info(`changes of status, seed ${seed}: ${[...seen].sort().join(", ")}`)
  // Every way that there is.
  expect([...seen]).toEqual(
    expect.arrayContaining([
      "undefined -> pending",
      "pending -> email-verified",
      "email-verified -> active",
      "active -> email-verified",
      "domain-verified -> pending",
      "pending -> domain-verified",
      "domain-verified -> active",
      "active -> removed",
      "removed -> pending",
      "domain-verified -> removed"
    ])
  )
}, 900_000)
