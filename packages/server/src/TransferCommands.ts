/**
 * `export` and `import`: a whole store as a file of lines, and such a file as a new store. The way from SQLite to
 * PostgreSQL and back.
 *
 * What goes to a file is written beside it, readable by its owner only, and gets its name when it is whole.
 */
import { createReadStream, existsSync } from "node:fs"
import { link, open, unlink } from "node:fs/promises"
import { exportLines, importStore } from "@countersign/engine"
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Console, Effect, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, say, several } from "./CommandAnswers.ts"
import { OperatorError } from "./OperatorError.ts"
import { existingStore, storeToWrite } from "./Store.ts"

const standard = "-"

const option = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const refused = (what: string) => (cause: unknown) =>
  new OperatorError({ message: `${what}: ${reasonOf(cause)}.`, cause })

// ---------------------------------------------------------------------------------------------------------------------
// Export

const writeStandardOutput = (text: string) =>
  Effect.callback<void, OperatorError>((resume) => {
    process.stdout.write(text, (cause) => {
      // Without a reader the program ends: see Signals.
      if (cause && "code" in cause && cause.code === "EPIPE") return
      resume(cause ? Effect.fail(refused("Standard output cannot be written")(cause)) : Effect.void)
    })
  })

/** Runs `write` with a way to add to the file, and gives the file its name when that succeeded. */
const intoFile = <E, R>(
  file: string,
  write: (add: (text: string) => Effect.Effect<void, OperatorError>) => Effect.Effect<void, E, R>
) => {
  const trial = <A>(step: () => Promise<A>) =>
    Effect.tryPromise({ try: step, catch: refused(`The file ${file} cannot be written`) })
  const part = `${file}.part`
  return Effect.gen(function* () {
    if (existsSync(file)) return yield* new OperatorError({ message: `${file} already exists.` })
    const handle = yield* Effect.acquireRelease(
      trial(() => open(part, "wx", 0o600)),
      (opened) =>
        Effect.promise(() =>
          opened
            .close()
            .then(() => unlink(part))
            .catch(() => undefined)
        )
    )
    yield* write((text) => Effect.asVoid(trial(() => handle.appendFile(text))))
    yield* trial(() => handle.sync())
    yield* trial(() => link(part, file))
  }).pipe(Effect.scoped)
}

const exportCommand = Command.make(
  "export",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("Where to write; - is standard output"),
      Argument.withDefault(standard)
    ),
    withKey: option("with-key", "With the identity key, which a store that replaces this one needs"),
    withSigningKeys: option("with-signing-keys", "With the private signing keys, which COUNTERSIGN_SECRET unwraps"),
    json
  },
  Effect.fn(function* (input) {
    let rows = -1
    const write = <E>(add: (text: string) => Effect.Effect<void, E>) =>
      Stream.runForEach(exportLines(input), (text) => {
        rows += text.split("\n").length - 1
        return add(text)
      })
    if (input.file === standard) {
      if (input.json)
        return yield* new OperatorError({
          message: "--json needs a file, because the export itself goes to standard output."
        })
      return yield* write(writeStandardOutput)
    }
    yield* intoFile(input.file, write)
    // Besides the rows there are the first line and the last.
    const done = { file: input.file, rows: rows - 1, withKey: input.withKey, withSigningKeys: input.withSigningKeys }
    const held = [input.withKey ? "the identity key" : [], input.withSigningKeys ? "the signing keys" : []].flat()
    const keys = held.length === 0 ? [] : [`It holds ${held.join(" and ")}: keep it as you keep a password.`]
    if (!input.withKey) keys.push("It does not hold the identity key, which a store that replaces this one needs.")
    yield* say(input.json, done, `Exported ${several(done.rows, "row")} to ${input.file}. ${keys.join(" ")}`)
  })
).pipe(
  Command.withDescription("Write everything but the directory, which follows from it, as lines of JSON"),
  Command.provide(existingStore)
)

// ---------------------------------------------------------------------------------------------------------------------
// Import

const readBytes = (file: string) =>
  NodeStream.fromReadable<Uint8Array, OperatorError>({
    evaluate: () => (file === standard ? process.stdin : createReadStream(file)),
    onError: refused(file === standard ? "Standard input cannot be read" : `The file ${file} cannot be read`)
  })

const importCommand = Command.make(
  "import",
  {
    file: Argument.String("file").pipe(Argument.withDescription("What export wrote; - is standard input")),
    newIdentityKey: option(
      "new-identity-key",
      "Take a file without identity key: ids and DNS records of senders that are added again change"
    ),
    json
  },
  Effect.fn(function* (input) {
    // What cannot be read makes no store.
    if (input.file !== standard && !existsSync(input.file)) {
      return yield* new OperatorError({ message: `There is no file ${input.file}.` })
    }
    const imported = yield* importStore(readBytes(input.file), input).pipe(
      Effect.catchTag("StoreNotEmpty", () =>
        Effect.fail(new OperatorError({ message: "The store is not empty: an import goes into a new one." }))
      ),
      Effect.provide(storeToWrite)
    )
    yield* say(
      input.json,
      imported,
      `Imported ${several(imported.rows, "row")}: ${several(imported.events, "event")}, ${several(imported.senders, "live sender")}. The directory's digest is ${imported.directory}.`
    )
    if (!imported.withKey) yield* Console.error(newKey)
  })
).pipe(Command.withDescription("Fill a new store with what export wrote"))

const newKey =
  "The store has an identity key of its own: an address that is added again becomes a second sender, and a domain that is added again needs other DNS records."

/** `export` and `import`. */
export const transferCommands = [exportCommand, importCommand] as const
