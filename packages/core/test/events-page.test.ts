/**
 * docs/reference/events.md says what each event carries.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { keyRingEventFields } from "../src/KeyRing.ts"
import { mailboxEventFields } from "../src/Mailbox.ts"
import { senderEventFields } from "../src/SenderEvent.ts"

const eventFields = { ...senderEventFields, ...mailboxEventFields, ...keyRingEventFields }

const lines = readFileSync(fileURLToPath(new URL("../../../docs/reference/events.md", import.meta.url)), "utf8").split(
  "\n"
)

/** The words in backticks of a text. */
const words = (text = ""): ReadonlyArray<string> => Array.from(text.matchAll(/`([^`]+)`/g), ([, word = ""]) => word)

const rows = lines.filter((line) => line.startsWith("| `")).map((line) => line.split(" | "))

it("has every event with its fields, in their order", () => {
  const told = rows.filter((row) => row.length === 2).map(([event, fields]) => [words(event)[0], words(fields)])
  expect(Object.fromEntries(told)).toEqual(
    Object.fromEntries(Object.entries(eventFields).map(([event, fields]) => [event, Object.keys(fields)]))
  )
  expect(told.map(([event]) => event)).toEqual(Object.keys(eventFields))
})

it("explains every field that is not explained above the table", () => {
  const explained = rows.filter((row) => row.length === 3).flatMap(([fields]) => words(fields))
  const fields = new Set(Object.values(eventFields).flatMap((each) => Object.keys(each)))
  expect([...explained, "at", "account"].sort()).toEqual([...fields].sort())
})
