/** The first schema, as one text: the tables, and then each function before those that call it. */
import { auditCounts } from "./0001/audit-counts.ts"
import { auditEntries } from "./0001/audit-entries.ts"
import { claimTasks } from "./0001/claim-tasks.ts"
import { commitBatch } from "./0001/commit-batch.ts"
import { correctEntries } from "./0001/correct-entries.ts"
import { endRun } from "./0001/end-run.ts"
import { lookAtMails } from "./0001/look-at-mails.ts"
import { putTasks } from "./0001/put-tasks.ts"
import { tables } from "./0001/tables.ts"
import { takeMail } from "./0001/take-mail.ts"
import { writeEntries } from "./0001/write-entries.ts"

export const initial = [
  tables,
  putTasks,
  claimTasks,
  endRun,
  writeEntries,
  correctEntries,
  auditEntries,
  auditCounts,
  commitBatch,
  lookAtMails,
  takeMail
].join("")
