/**
 * Storage in one SQLite file.
 */
import { type SqliteOptions, SqliteStorage } from "@countersign/storage-sqlite"
import type { Storage } from "./Options.ts"

/** @param file is made when it is missing; its folder must be there. */
export const sqlite = (file: string, options: Omit<SqliteOptions, "file"> = {}): Storage => ({
  layer: SqliteStorage.layerWithoutAccounts({ ...options, file }),
  layerWithAccounts: SqliteStorage.layer({ ...options, file })
})
