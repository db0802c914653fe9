/**
 * Golden events: what a release wrote into stores, frozen, so that every later program is shown to read it.
 *
 * `golden.test.ts` calls `problemsOf`. A release calls this file as a program (see README.md here), which moves the
 * examples of `unreleased/` to `released/` and writes their digests into `manifest.json`.
 */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Result, Schema } from "effect"
import { isOf, schemaVersions, senderDecider } from "../../src/Deciders.ts"
import type { EncodedEvent, EventCodec } from "../../src/EventCodec.ts"
import { keyRingDecider } from "../../src/KeyRing.ts"
import { mailboxDecider } from "../../src/Mailbox.ts"

/** Where this project keeps them. */
export const goldenFolder = fileURLToPath(new URL(".", import.meta.url))

const readManifest = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      /** Released versions, the oldest first: each with the files it froze and their SHA-256. */
      releases: Schema.Array(
        Schema.Struct({ version: Schema.String, files: Schema.Record(Schema.String, Schema.String) })
      )
    })
  )
)

const readExample = Schema.decodeUnknownResult(
  Schema.fromJsonString(Schema.Struct({ type: Schema.String, schemaVersion: Schema.Int, data: Schema.Json }))
)

const namesIn = (folder: string): ReadonlyArray<string> =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .sort()
    : []

const digestOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex")

const manifestOf = (folder: string) => readManifest(readFileSync(join(folder, "manifest.json"), "utf8"))

/** Everything that is wrong with the golden events in a folder; empty when they are as they were, and readable. */
export const problemsOf = (folder: string): ReadonlyArray<string> => {
  const releases = manifestOf(folder).releases
  const frozen = new Map(releases.flatMap(({ files }) => Object.entries(files)))
  const released = namesIn(join(folder, "released"))
  const unreleased = namesIn(join(folder, "unreleased"))
  const count = releases.reduce((sum, { files }) => sum + Object.keys(files).length, 0)
  return [
    ...(count === frozen.size ? [] : ["manifest.json: a file is frozen twice"]),
    ...[...frozen]
      .filter(([name]) => !released.includes(name))
      .map(([name]) => `released/${name}: was frozen and is gone`),
    ...released.flatMap((name) => {
      const digest = frozen.get(name)
      if (digest === undefined) return [`released/${name}: is in no release of the manifest`]
      return digestOf(join(folder, "released", name)) === digest
        ? []
        : [`released/${name}: was changed after its release`]
    }),
    ...released.flatMap((name) => unreadable(folder, "released", name)),
    ...unreleased.flatMap((name) => unreadable(folder, "unreleased", name)),
    ...unreleased
      .filter((name) => frozen.has(name))
      .map((name) => `unreleased/${name}: is released already; a changed event needs a new schema version`),
    ...Object.entries(schemaVersions)
      .map(([type, version]) => `${type}@${version}.json`)
      .filter((name) => !released.includes(name) && !unreleased.includes(name))
      .map((name) => `${name}: the newest version of the event has no example`)
  ]
}

const unreadable = (folder: string, place: "released" | "unreleased", name: string): ReadonlyArray<string> => {
  const where = `${place}/${name}`
  const example = readExample(readFileSync(join(folder, place, name), "utf8"))
  if (Result.isFailure(example)) return [`${where}: ${example.failure.message}`]
  const { type, schemaVersion, data } = example.success
  if (name !== `${type}@${schemaVersion}.json`) return [`${where}: holds ${type}@${schemaVersion}`]
  const stored = { type, schemaVersion, data: JSON.stringify(data) }
  const written = isOf(mailboxDecider, type)
    ? writtenAgain(mailboxDecider.codec, stored)
    : isOf(keyRingDecider, type)
      ? writtenAgain(keyRingDecider.codec, stored)
      : writtenAgain(senderDecider.codec, stored)
  if (Result.isFailure(written)) return [`${where}: ${written.failure.message}`]
  const again = written.success
  // An older version is lifted and so is written differently; the newest one has to come back to the letter.
  if (again.schemaVersion !== schemaVersion) return []
  return again.data === stored.data ? [] : [`${where}: is written as ${again.data} when it is stored again`]
}

const writtenAgain = <Event>({ decode, encode }: EventCodec<Event>, stored: EncodedEvent) =>
  Result.map(decode(stored), encode)

/** Freezes the unreleased examples for a release, and answers their names. Refuses when anything is wrong before. */
export const freeze = (folder: string, version: string): ReadonlyArray<string> => {
  const problems = problemsOf(folder)
  if (problems.length > 0) throw new Error(problems.join("\n"))
  const { releases } = manifestOf(folder)
  if (releases.some((release) => release.version === version)) throw new Error(`${version} was released already`)
  const names = namesIn(join(folder, "unreleased"))
  mkdirSync(join(folder, "released"), { recursive: true })
  for (const name of names) renameSync(join(folder, "unreleased", name), join(folder, "released", name))
  const files = Object.fromEntries(names.map((name) => [name, digestOf(join(folder, "released", name))]))
  const manifest = { releases: [...releases, { version, files }] }
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`)
  return names
}

if (import.meta.main) {
  const [, , version] = process.argv
  if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error("name the version that is released, for example 0.1.0")
  }
  for (const name of freeze(goldenFolder, version)) process.stdout.write(`frozen: ${name}\n`)
}
