/**
 * An operator's work on a PostgreSQL store.
 */
import { Maintenance } from "@countersign/engine"
import type { Database } from "../connection/Database.ts"
import { makeLoad } from "./Loading.ts"
import { maintained } from "./MaintainedRows.ts"
import { snapshotOf } from "./Snapshot.ts"

export const makeMaintenance = (database: Database): Maintenance["Service"] =>
  Maintenance.of({ ...maintained(database), snapshot: snapshotOf(database), load: makeLoad(database) })
