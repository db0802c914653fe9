import { makeDnsPlan } from "@countersign/core"
import type { ListedSender } from "@countersign/engine"
import { describe, expect, it } from "vitest"
import { SenderList } from "../src/SenderList.ts"

const listed = (position: number): ListedSender => ({
  sender: `s-${position}`,
  account: "acc-1",
  owner: { _tag: "Account" },
  kind: position % 3 === 0 ? "domain" : "email",
  address: "a@example.com",
  canonical: "a@example.com",
  domain: "example.com",
  status: position % 2 === 0 ? "active" : "pending",
  mailbox: "pending",
  domainState: "pending",
  domainSince: 1,
  verdicts: [],
  plan: makeDnsPlan("example.com", ["t1", "t2", "t3"], "dkim.example.net"),
  metadata: {},
  incarnation: 1,
  createdAt: 1,
  updatedAt: 1,
  position
})

const many = 3_000
/** Every number from 0 on once, far from its neighbours: 1,009 is prime and does not divide `many`. */
const scattered = Array.from({ length: many }, (_, index) => (index * 1_009) % many)
const upwards = Array.from({ length: many }, (_, index) => index)

describe("a list of many pieces", () => {
  it.each([
    ["scattered", scattered],
    ["upwards", upwards],
    ["downwards", upwards.toReversed()]
  ])("stays in order while senders come %s and go", (_, positions) => {
    const list = new SenderList((a, b) => a.position - b.position, true)
    const senders = new Map(upwards.map((position) => [position, listed(position)]))
    const of = (position: number) => senders.get(position) ?? listed(position)
    const held = () => list.pieces.flat().map(({ position }) => position)
    for (const position of positions) list.add(of(position))
    expect(held()).toEqual(upwards)
    expect(list.pieces.length).toBeGreaterThan(3)

    for (const position of positions.slice(0, 2_500)) list.remove(of(position))
    const left = positions.slice(2_500).toSorted((a, b) => a - b)
    expect(held()).toEqual(left)
    expect(list.size).toBe(500)
    expect(list.count("domain", ["active"])).toBe(left.filter((position) => position % 6 === 0).length)
    expect(list.count(undefined, undefined)).toBe(500)
    const after = left[123] ?? 0
    expect(list.from(({ position }) => position > after, 300).map(({ position }) => position)).toEqual(
      left.slice(124, 424)
    )

    for (const position of left) list.remove(of(position))
    expect(list.pieces).toEqual([])
    list.add(of(7))
    expect(held()).toEqual([7])
  })
})
