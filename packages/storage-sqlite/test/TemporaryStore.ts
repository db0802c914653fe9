/**
 * Database files that go with the scope of a test.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { MailLimits } from "@countersign/engine"
import { Effect, Layer } from "effect"
import { SqliteStorage } from "../src/index.ts"

/** A new, empty folder. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "countersign-sqlite-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** The path of a database that is not there yet. */
export const temporaryFile = Effect.map(temporaryFolder, (folder) => join(folder, "store.db"))

/** A new, empty store each time it is built. */
export const temporaryStore = (options: { readonly mailLimits?: MailLimits } = {}) =>
  Layer.unwrap(Effect.map(temporaryFile, (file) => SqliteStorage.layer({ file, cacheMegabytes: 4, ...options })))

/** In the place of a path: no thread can be given a function, so whoever starts one with it is refused. */
export const unsendable: string = (() => "") as never // It is no text, and that is what it is for.
