/**
 * A program: our contestant on the SQLite adapter, event-only or, with `--whole`, with whole commits.
 */
import { SqliteStorage } from "@countersign/storage-sqlite"
import { serveContestant } from "./ContestantProgram.ts"
import { openOurs } from "./OurContestant.ts"
import { openOursWhole } from "./OurWholeContestant.ts"
import { sqliteProfile } from "./SqliteProfile.ts"

const numbers = { next: 0 }

serveContestant((file) => {
  const storage = SqliteStorage.layer({ file })
  return process.argv.includes("--whole")
    ? openOursWhole(storage, sqliteProfile, numbers)
    : openOurs(storage, sqliteProfile)
})
