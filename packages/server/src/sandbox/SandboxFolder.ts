/**
 * Where the sandbox keeps what production keeps elsewhere: the demo account's ids, the secret of its links, the zone
 * and the inbox. One sandbox at a time works in a folder; without a folder it takes a temporary one, which goes at
 * exit.
 *
 * Every file is whole or absent, also after kill -9: small ones are written beside and renamed, and a mail is appended
 * and flushed before the sink acknowledges it.
 */
import { randomBytes } from "node:crypto"
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs"
import { open } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { DnsRecord, ReceivedMessage } from "@countersign/sandbox"
import { Data, Effect, Redacted, Schema, type Scope, Semaphore } from "effect"
import { makeFolder } from "../Store.ts"

/** The folder cannot be used. The message is one sentence. */
export class SandboxFolderProblem extends Data.TaggedError("SandboxFolderProblem")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/** The ids of the demo account and its organization. */
const Demo = Schema.Struct({ account: Schema.String, organization: Schema.String })
type Demo = typeof Demo.Type

const Zone = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    type: Schema.Literals(["A", "AAAA", "CNAME", "MX", "NS", "TXT"]),
    value: Schema.String,
    ttl: Schema.Int
  })
)

const Message = Schema.Struct({
  id: Schema.String,
  from: Schema.String,
  to: Schema.Array(Schema.String),
  subject: Schema.String,
  text: Schema.String,
  html: Schema.String,
  receivedAt: Schema.String,
  headers: Schema.Record(Schema.String, Schema.Array(Schema.String)),
  messageId: Schema.String,
  raw: Schema.String,
  secure: Schema.Boolean,
  user: Schema.NullOr(Schema.String)
})

export interface SandboxFolder {
  /** Where the store's own files go; absolute. */
  readonly path: string
  /** Whether it stays when the process ends. */
  readonly kept: boolean
  readonly demo: Effect.Effect<Demo | undefined, SandboxFolderProblem>
  readonly saveDemo: (demo: Demo) => Effect.Effect<void, SandboxFolderProblem>
  /** Signs the links; made at the first start. */
  readonly secret: Effect.Effect<Redacted.Redacted, SandboxFolderProblem>
  readonly zone: Effect.Effect<ReadonlyArray<DnsRecord>, SandboxFolderProblem>
  readonly saveZone: (records: ReadonlyArray<DnsRecord>) => Effect.Effect<void, SandboxFolderProblem>
  /** Newest first, as the sink wants them back. A line that was cut off by a crash was never acknowledged. */
  readonly inbox: Effect.Effect<ReadonlyArray<ReceivedMessage>, SandboxFolderProblem>
  /** Succeeds when the message is on the disk. */
  readonly appendMessage: (message: ReceivedMessage) => Effect.Effect<void, SandboxFolderProblem>
}

/** How many of the newest messages are kept when the inbox is opened again. */
const keptMessages = 1_000

/** @param folder absolute; `undefined` for a temporary one */
export const openSandboxFolder = Effect.fn("openSandboxFolder")(function* (
  folder: string | undefined
): Effect.fn.Return<SandboxFolder, SandboxFolderProblem, Scope.Scope> {
  const path = folder ?? (yield* temporaryFolder)
  const sandboxPath = join(path, "sandbox")
  yield* attempt(`COUNTERSIGN_DATA ${path} cannot be written to`, () => makeFolder(sandboxPath))
  yield* lock(path, join(sandboxPath, "lock"))

  const read = <A>(name: string, schema: Schema.ConstraintDecoder<A>) =>
    attempt(`${join(sandboxPath, name)} cannot be read; delete it to start without it`, () => {
      const text = readIfThere(join(sandboxPath, name))
      return text === undefined ? undefined : Schema.decodeUnknownSync(Schema.fromJsonString(schema))(text)
    })
  const write = (name: string, value: unknown) =>
    attempt(`${join(sandboxPath, name)} cannot be written`, () =>
      writeWhole(sandboxPath, name, `${JSON.stringify(value, undefined, 2)}\n`)
    )

  const inboxFile = join(sandboxPath, "inbox.jsonl")
  const inbox = attempt(`${inboxFile} cannot be read`, () => {
    const lines = (readIfThere(inboxFile) ?? "").split("\n")
    const messages = lines.flatMap((line) => messageOf(line)).slice(-keptMessages)
    writeWhole(sandboxPath, "inbox.jsonl", messages.map((message) => `${JSON.stringify(message)}\n`).join(""))
    return messages.reverse()
  })
  const oneAtATime = yield* Semaphore.make(1)

  return {
    path,
    kept: folder !== undefined,
    demo: read("demo.json", Demo),
    saveDemo: (demo) => write("demo.json", demo),
    secret: Effect.gen(function* () {
      const made = randomBytes(32).toString("hex")
      const stored = yield* read("secret.json", Schema.String)
      if (stored === undefined) yield* write("secret.json", made)
      return Redacted.make(stored ?? made)
    }),
    zone: Effect.map(read("zone.json", Zone), (records) => records ?? []),
    saveZone: (records) => write("zone.json", records),
    inbox,
    appendMessage: (message) => oneAtATime.withPermits(1)(append(inboxFile, message))
  }
})

const failure = (sentence: string) => (cause: unknown) =>
  new SandboxFolderProblem({
    message: `${sentence} (${cause instanceof Error ? cause.message.split("\n")[0] : cause}).`,
    cause
  })

const attempt = <A>(sentence: string, run: () => A): Effect.Effect<A, SandboxFolderProblem> =>
  Effect.try({ try: run, catch: failure(sentence) })

const temporaryFolder = Effect.acquireRelease(
  attempt("The temporary folder cannot be created", () => {
    const path = mkdtempSync(join(tmpdir(), "countersign-sandbox-"))
    const remove = () => rmSync(path, { recursive: true, force: true })
    // Also when the process is told to end at once, by the second Ctrl-C.
    process.once("exit", remove)
    return { path, remove }
  }),
  ({ remove }) =>
    Effect.sync(() => {
      process.removeListener("exit", remove)
      remove()
    })
).pipe(Effect.map(({ path }) => path))

// An exclusive transaction that is never committed: the operating system ends it with the process, also by kill -9, so
// there is no stale lock and no guessing by process ids.
const lock = (path: string, file: string) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const database = new DatabaseSync(file)
        try {
          database.exec("BEGIN EXCLUSIVE")
        } catch (cause) {
          database.close()
          throw cause
        }
        return database
      },
      catch: (cause) =>
        cause instanceof Error && "errcode" in cause && cause.errcode === 5
          ? new SandboxFolderProblem({
              message: `Another sandbox is running on COUNTERSIGN_DATA ${path}: stop it first, or choose another folder.`
            })
          : failure(`COUNTERSIGN_DATA ${path} cannot be locked`)(cause)
    }),
    (database) => Effect.sync(() => database.close())
  )

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined
    throw cause
  }
}

const writeWhole = (folder: string, name: string, content: string): void => {
  const beside = join(folder, `${name}.new`)
  withFile(beside, "w", (file) => {
    writeSync(file, content)
    fsyncSync(file)
  })
  renameSync(beside, join(folder, name))
  // Windows opens no folders; there the rename has to do.
  if (process.platform !== "win32") withFile(folder, "r", fsyncSync)
}

const withFile = (path: string, flags: string, action: (file: number) => void): void => {
  const file = openSync(path, flags, 0o600)
  try {
    action(file)
  } finally {
    closeSync(file)
  }
}

const isMessage = Schema.is(Message)

const messageOf = (line: string): ReadonlyArray<ReceivedMessage> => {
  try {
    const value: unknown = JSON.parse(line)
    return isMessage(value) ? [value] : []
  } catch {
    return []
  }
}

// The line break comes first too, so that a line that was cut off never swallows the next one.
const append = (file: string, message: ReceivedMessage) =>
  Effect.tryPromise({
    try: async () => {
      const handle = await open(file, "a", 0o600)
      try {
        await handle.appendFile(`\n${JSON.stringify(message)}\n`)
        await handle.datasync()
      } finally {
        await handle.close()
      }
    },
    catch: failure(`${file} cannot be written`)
  })
