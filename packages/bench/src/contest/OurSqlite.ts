/**
 * A program: our contestant on the SQLite adapter, event-only.
 */
import { SqliteStorage } from "@countersign/storage-sqlite"
import { serveContestant } from "./ContestantProgram.ts"
import { openOurs } from "./OurContestant.ts"
import { sqliteProfile } from "./SqliteProfile.ts"

serveContestant((file) => openOurs(SqliteStorage.layer({ file }), sqliteProfile))
