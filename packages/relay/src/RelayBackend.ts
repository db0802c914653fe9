/**
 * What the relay asks of the rest: who submits, which From their mail may have, and the signed bytes.
 *
 * The SMTP side knows nothing else of accounts, senders and keys.
 */
import type { StorageUnavailable } from "@countersign/engine"
import { Context, Data, type Effect, type Option, type Redacted, type Result } from "effect"

/** Whose mail it is. */
export interface Submitter {
  readonly account: string
  /** Only the senders of this organization may be used. */
  readonly organization: string | undefined
}

/** What a mail may be: the part of a send plan that the relay needs. */
export interface RelayPlan {
  /** The address for From; `undefined` when nothing may be sent. */
  readonly from: string | undefined
  readonly replyTo: string | undefined
  readonly sign: { readonly domain: string; readonly selector: string; readonly slot: 1 | 2 | 3 } | undefined
  /** `fallback`: not with the From that the message has. */
  readonly reason: "active" | "fallback"
  readonly obstacles: ReadonlyArray<{ readonly code: string; readonly message: string }>
}

/** A message that can be signed. */
export interface Submission {
  /** The address in From. */
  readonly from: string
  /**
   * The message as it is to be sent: with the From and Reply-To of a fallback, and signed where the plan says so.
   * `unsigned` are header names that the signature leaves out, in lower case.
   */
  readonly signed: (
    plan: RelayPlan,
    unsigned: ReadonlyArray<string>
  ) => Effect.Effect<Uint8Array, SigningFailed | StorageUnavailable>
}

/** The message cannot be signed, such as when its key is gone. Nothing unsigned is sent instead. */
export class SigningFailed extends Data.TaggedError("SigningFailed")<{
  readonly reason: string
  readonly cause?: unknown
}> {}

/** The port of the relay: see the top of the file. */
export class RelayBackend extends Context.Service<
  RelayBackend,
  {
    /** None for a wrong key, and for a user that is neither the key's account nor one of its organizations. */
    readonly authenticate: (
      user: string,
      key: Redacted.Redacted
    ) => Effect.Effect<Option.Option<Submitter>, StorageUnavailable>
    /** Judges a message before anything of it is used. The failure is one sentence for whoever wrote it. */
    readonly read: (message: Uint8Array) => Result.Result<Submission, string>
    /** The send plan of this moment. */
    readonly plan: (submitter: Submitter, from: string) => Effect.Effect<RelayPlan>
  }
>()("countersign/RelayBackend") {}
