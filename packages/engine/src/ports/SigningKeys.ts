/**
 * The private signing keys, wrapped: rows that are written and deleted by the commit whose events tell of them, so that
 * there is never a key without its event, nor an event without its key.
 *
 * An adapter stores texts and knows no secret. Whoever unwraps them is `signing/KeyWrap.ts`.
 */
import type { KeyId } from "@countersign/core"
import { Context, type Effect } from "effect"
import type { StorageUnavailable } from "./EventStore.ts"

/** A private key as it is stored. */
export interface WrappedKey {
  readonly keyId: KeyId
  /** AES-256-GCM under a key that follows from `COUNTERSIGN_SECRET`; printable ASCII, below 8 KiB. */
  readonly wrapped: string
}

/** What a commit does to the private keys, in this order. A `Put` replaces what is there; a `Drop` may find nothing. */
export type KeyChange =
  | { readonly _tag: "Put"; readonly keyId: KeyId; readonly wrapped: string }
  | { readonly _tag: "Drop"; readonly keyId: KeyId }

/** The port of the private keys: see the top of the file. */
export class SigningKeys extends Context.Service<
  SigningKeys,
  {
    /** All of them, in the order of their ids. */
    readonly list: Effect.Effect<ReadonlyArray<WrappedKey>, StorageUnavailable>
  }
>()("countersign/SigningKeys") {}
