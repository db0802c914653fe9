/**
 * An operator's work on a SQLite store. Statements are prepared at the first use: a server never needs them.
 */
import { type MaintainedStore, Maintenance } from "@countersign/engine"
import type { Database } from "../connection/Database.ts"
import type { SenderRows } from "../directory/SenderRows.ts"
import { makeLoad } from "./Loading.ts"
import { maintained } from "./MaintainedRows.ts"
import { snapshotOf } from "./Snapshot.ts"

export const makeMaintenance = (database: Database, senders: SenderRows): Maintenance["Service"] => {
  let made: MaintainedStore | undefined
  const store = () => {
    made ??= maintained(database, senders)
    return made
  }
  return Maintenance.of({
    readLog: (after, limit) => store().readLog(after, limit),
    readStream: (stream, after, limit) => store().readStream(stream, after, limit),
    streams: (after, limit) => store().streams(after, limit),
    correct: (entries) => store().correct(entries),
    audit: (slice, options) => store().audit(slice, options),
    snapshot: snapshotOf(database.file),
    load: makeLoad(database.file)
  })
}
