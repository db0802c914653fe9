/**
 * A program: our contestant on the PostgreSQL adapter, event-only or, with `--whole`, with whole commits; with
 * `--first=n`, of senders from that number on.
 */
import { parseArgs } from "node:util"
import { PostgresStorage } from "@countersign/storage-postgres"
import { Redacted } from "effect"
import { serveContestant } from "./ContestantProgram.ts"
import { openOurs } from "./OurContestant.ts"
import { openOursWhole } from "./OurWholeContestant.ts"

const profile = {
  versions: { node: process.version },
  ordering: "contiguous positions in the order of commits",
  // Its start refuses a server that has them otherwise.
  durability: "fsync=on, synchronous_commit=on"
}

const { first, whole } = parseArgs({
  options: { whole: { type: "boolean", default: false }, first: { type: "string", default: "0" } }
}).values

const numbers = { next: Number(first) }

serveContestant((url) => {
  const storage = PostgresStorage.layer({ url: Redacted.make(url) })
  return whole ? openOursWhole(storage, profile, numbers) : openOurs(storage, profile)
})
