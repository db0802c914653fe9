/**
 * The options of a host in these tests, for processes that share one storage.
 */
import type { CountersignOptions } from "countersign"
import { postgres } from "countersign/postgres"
import { sqlite } from "countersign/sqlite"

/** The one storage, as plain data. */
export interface Place {
  readonly kind: "sqlite" | "postgres"
  /** The file, or the URL. */
  readonly at: string
}

/** Nothing is sent or probed: there are no workers. */
export const hostOptions = ({ kind, at }: Place): CountersignOptions => ({
  publicUrl: "https://app.example.com/mail",
  secret: "a secret of the tests of 32 characters",
  dkimZone: "dkim.example.com",
  storage: kind === "sqlite" ? sqlite(at) : postgres(at),
  mail: async () => undefined,
  workers: false
})
