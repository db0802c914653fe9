/**
 * What all processes of a stressed installation share, as plain data that goes to a child process as one argument, and
 * the layers that are made of it.
 */
import { SystemResolver } from "@countersign/dns"
import { DkimTokens, Engine, Settings, SlowPoll, Workers } from "@countersign/engine"
import { SmtpMailer } from "@countersign/mailer-smtp"
import { PostgresStorage } from "@countersign/storage-postgres"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { type Sending, watchMail } from "@countersign/testkit"
import { Layer, Redacted } from "effect"

/** The one database. */
export type Store =
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "postgres"; readonly url: string }

/** A process of the installation. */
export interface ProcessSettings {
  readonly store: Store
  /** `127.0.0.1:port`. */
  readonly dns: string
  /** `smtp://127.0.0.1:port`: a port of its own for each process, so that a mail tells who sent it. */
  readonly smtp: string
  /** How far its clock is ahead, in milliseconds. */
  readonly clockOffset: number
}

export const publicUrl = "https://verify.example.net"

// Nobody here is held back by them: how they are counted is proven elsewhere.
const mailLimits = { perAddressHour: 1_000, perAddressDay: 1_000, firstMailsDay: 1_000, perAccountHour: 1_000_000 }

export const storageOf = (store: Store) =>
  store.kind === "sqlite"
    ? SqliteStorage.layer({ file: store.file, mailLimits })
    : PostgresStorage.layer({ url: Redacted.make(store.url), mailLimits })

/** Engine and workers of one process, over real adapters. `note` is told of every mail whose sending begins. */
export const processOf = ({ store, dns, smtp }: ProcessSettings, note: (sending: Sending) => void) =>
  Workers.layer.pipe(
    // Hints of the storage may be lost; a kill must not cost the run half a minute each time.
    Layer.provide(Layer.succeed(SlowPoll, 1_000)),
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(DkimTokens.layer("dkim.example.net")),
    Layer.provideMerge(
      watchMail(
        Layer.mergeAll(
          storageOf(store),
          SmtpMailer.layer({ url: Redacted.make(smtp), from: "verify@example.net" }),
          SystemResolver.layer({ servers: [dns], timeout: "2 seconds" }),
          Settings.layer({ publicUrl, secret: Redacted.make("a secret of the tests of 32 characters") })
        ),
        machineTime,
        note
      )
    )
  )

/**
 * Nanoseconds by the clock of the machine that only goes forward: the same for every process, whatever it takes for the
 * time.
 */
export const machineTime = (): number => Number(process.hrtime.bigint())
