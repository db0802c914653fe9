/**
 * A program: our contestant on the SQLite adapter with whole commits: two events, receipt, directory entry with its metadata and counts, three
 * tasks. A command is the product's own `Senders.add`.
 */
import { SqliteStorage } from "@countersign/storage-sqlite"
import { serveContestant } from "./ContestantProgram.ts"
import { openOursWhole } from "./OurWholeContestant.ts"
import { sqliteProfile } from "./SqliteProfile.ts"

serveContestant((file) => openOursWhole(SqliteStorage.layer({ file }), sqliteProfile))
