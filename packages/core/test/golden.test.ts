import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Result } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Decider } from "../src/Decider.ts"
import { isOf, schemaVersions, senderDecider } from "../src/Deciders.ts"
import type { EncodedEvent } from "../src/EventCodec.ts"
import { keyRingDecider } from "../src/KeyRing.ts"
import { mailboxDecider } from "../src/Mailbox.ts"
import { freeze, goldenFolder, problemsOf } from "./golden/GoldenEvents.ts"

it("every golden event is as it was released and is read; every event has an example", () => {
  expect(problemsOf(goldenFolder)).toEqual([])
})

/** An event by the codec of its kind, and the state of a stream that it begins. */
const read = (stored: EncodedEvent) =>
  isOf(mailboxDecider, stored.type)
    ? readBy(mailboxDecider, stored)
    : isOf(keyRingDecider, stored.type)
      ? readBy(keyRingDecider, stored)
      : readBy(senderDecider, stored)

const readBy = <State, Event>(
  { codec, initial, evolve }: Pick<Decider<never, State, never, Event, never, never>, "codec" | "initial" | "evolve">,
  stored: EncodedEvent
) => {
  const event = Result.getOrThrow(codec.decode(stored))
  return { event, state: evolve(initial, event) }
}

describe.each(Object.entries(schemaVersions))("%s@%i", (type, schemaVersion) => {
  it("has an example that is read and means something", () => {
    const name = `${type}@${schemaVersion}.json`
    const place = readdirSync(join(goldenFolder, "unreleased")).includes(name) ? "unreleased" : "released"
    const { data, ...kind } = JSON.parse(readFileSync(join(goldenFolder, place, name), "utf8"))
    expect(kind).toEqual({ type, schemaVersion })
    const { event, state } = read({ type, schemaVersion, data: JSON.stringify(data) })
    expect(event).toEqual({ _tag: type, ...data })
    const begins = ["SenderAdded", "MailDeclined"].includes(type)
    if ("history" in state) expect(state.history).toHaveLength(type === "KeyGenerated" ? 1 : 0)
    else {
      expect(state._tag).toBe(
        isOf(senderDecider, type) ? (begins ? "Sender" : "NotAdded") : begins ? "KnownMailbox" : "UnknownMailbox"
      )
    }
    for (const field of Object.keys(data)) {
      const { [field]: _, ...rest } = data
      const without = () => read({ type, schemaVersion, data: JSON.stringify(rest) })
      if (["inheritedFrom", "from", "to"].includes(field)) expect(without, `${type} without ${field}`).not.toThrow()
      else expect(without, `${type} without ${field}`).toThrow("cannot read a stored event")
    }
  })
})

describe("in a folder of golden events", () => {
  let folder = ""
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "golden-"))
    cpSync(join(goldenFolder, "manifest.json"), join(folder, "manifest.json"))
    for (const place of ["unreleased", "released"])
      cpSync(join(goldenFolder, place), join(folder, place), { recursive: true })
    writeFileSync(join(folder, "manifest.json"), JSON.stringify({ releases: [] }))
    for (const name of examplesIn("released")) {
      renameSync(join(folder, "released", name), join(folder, "unreleased", name))
    }
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const examplesIn = (place: string) =>
    readdirSync(join(folder, place))
      .filter((file) => file.endsWith(".json"))
      .sort()

  const change = (file: string, from: string, to: string) => {
    const text = readFileSync(join(folder, file), "utf8")
    expect(text).toContain(from)
    writeFileSync(join(folder, file), text.replace(from, to))
  }

  it("a release freezes all of them, once", () => {
    const all = examplesIn("unreleased")
    expect(freeze(folder, "0.1.0")).toEqual(all)
    expect(all).toEqual(expect.arrayContaining(Object.entries(schemaVersions).map((kind) => `${kind.join("@")}.json`)))
    expect(problemsOf(folder)).toEqual([])
    expect([examplesIn("unreleased"), examplesIn("released")]).toEqual([[], all])
    expect(() => freeze(folder, "0.1.0")).toThrow("0.1.0 was released already")
    expect(freeze(folder, "0.1.1")).toEqual([])
    expect(problemsOf(folder)).toEqual([])
  })

  it("a released one may not change, be it by a space", () => {
    freeze(folder, "0.1.0")
    change("released/SenderRemoved@1.json", "}", "} ")
    expect(problemsOf(folder)).toEqual(["released/SenderRemoved@1.json: was changed after its release"])
    expect(() => freeze(folder, "0.2.0")).toThrow("was changed after its release")
  })

  it("a released one may not go", () => {
    freeze(folder, "0.1.0")
    rmSync(join(folder, "released", "SenderRemoved@1.json"))
    expect(problemsOf(folder)).toEqual([
      "released/SenderRemoved@1.json: was frozen and is gone",
      "SenderRemoved@1.json: the newest version of the event has no example"
    ])
  })

  it("a released one may not be released once more in another form", () => {
    freeze(folder, "0.1.0")
    cpSync(join(folder, "released", "SenderRemoved@1.json"), join(folder, "unreleased", "SenderRemoved@1.json"))
    expect(problemsOf(folder)).toEqual([
      "unreleased/SenderRemoved@1.json: is released already; a changed event needs a new schema version"
    ])
  })

  it("nothing is released but by a release", () => {
    renameSync(join(folder, "unreleased", "SenderRemoved@1.json"), join(folder, "released", "SenderRemoved@1.json"))
    expect(problemsOf(folder)).toEqual(["released/SenderRemoved@1.json: is in no release of the manifest"])
  })

  it.each([
    ["that lacks a field", '"reason"', '"because"', "cannot read a stored event SenderRemoved"],
    ["with a field that the code does not write", '"reason"', '"more": 1, "reason"', "is written as"],
    ["of another name", '"SenderRemoved"', '"SenderRenamed"', "holds SenderRenamed@1"],
    ["of a version to come", '"schemaVersion": 1', '"schemaVersion": 2', "holds SenderRemoved@2"],
    ["that is no JSON", "{", "{{", "unreleased/SenderRemoved@1.json: "]
  ])("an example %s is refused", (_, from, to, problem) => {
    change("unreleased/SenderRemoved@1.json", from, to)
    expect(problemsOf(folder)).toHaveLength(1)
    expect(problemsOf(folder)[0]).toContain(problem)
  })
})
