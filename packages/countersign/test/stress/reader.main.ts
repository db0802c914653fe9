/**
 * A host that makes a row of every event: in one transaction with the position of the event, in a database of its own.
 * It is killed at any moment. Its argument is `ReaderSettings`; it says where it is.
 */
import { writeSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { createCountersign } from "countersign"
import { hostOptions, type Place } from "./Host.ts"

/** What the reader reads, and the file that it writes. */
export interface ReaderSettings {
  readonly place: Place
  readonly file: string
}

// Written by events.test.ts.
const settings = JSON.parse(process.argv[2] ?? "") as ReaderSettings

const db = new DatabaseSync(settings.file)
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS told (number INTEGER PRIMARY KEY AUTOINCREMENT, position INTEGER, sender TEXT, type TEXT);
  CREATE TABLE IF NOT EXISTS place (position INTEGER NOT NULL);
`)
const place = db.prepare("SELECT position FROM place").get()
if (place === undefined) db.exec("INSERT INTO place VALUES (0)")
const insert = db.prepare("INSERT INTO told (position, sender, type) VALUES (?, ?, ?)")
const move = db.prepare("UPDATE place SET position = ?")

const countersign = await createCountersign(hostOptions(settings.place))
for await (const { position, sender, event } of countersign.events({ after: Number(place?.position ?? 0) })) {
  db.exec("BEGIN IMMEDIATE")
  insert.run(position, sender.id, event._tag)
  move.run(position)
  db.exec("COMMIT")
  writeSync(1, `${position}\n`)
}
