/**
 * What of SQL and names depends on the schema.
 */
import { createHash } from "node:crypto"

export interface SchemaNames {
  /** Quoted. */
  readonly schema: string
  /** As an SQL text. */
  readonly schemaText: string
  /** Where a batch tells that it was written. */
  readonly channel: string
  /** Fills the placeholders of a migration. */
  readonly fill: (sql: string) => string
}

/**
 * The key of an advisory lock. The server keeps such locks per database, so the schema is all that must be told apart.
 */
export const lockKey = (schema: string, purpose: string): bigint =>
  createHash("sha256").update(`countersign ${purpose} ${schema}`).digest().readBigInt64BE()

export const schemaNames = (name: string): SchemaNames => {
  const schema = `"${name.replaceAll('"', '""')}"`
  const schemaText = `'${name.replaceAll("'", "''")}'`
  const regclass = (name: string) => `'${`${schema}.${name}`.replaceAll("'", "''")}'::regclass`
  const channel = `countersign_${createHash("sha256").update(name).digest("hex").slice(0, 16)}`
  const values: { readonly [placeholder: string]: string } = {
    "{schema}": schema,
    "{channel}": channel,
    "{stream_numbers}": regclass("stream_numbers"),
    "{task_numbers}": regclass("tasks_number_seq"),
    "{commit_lock}": `'${lockKey(name, "commit")}'::bigint`,
    "{mail_lock}": `'${lockKey(name, "mail")}'::bigint`,
    // Longer than any commit; the statement itself may take a little more.
    "{lock_timeout}": "5s"
  }
  return {
    schema,
    schemaText,
    channel,
    fill: (sql) => sql.replace(/\{[a-z_]+\}/g, (placeholder) => values[placeholder] ?? placeholder)
  }
}
