/**
 * The port to the private keys: signs with the key of the slot that a send plan names.
 */
import type { SignWith, StorageUnavailable } from "@countersign/engine"
import type { PreparedMessage, SigningFailed } from "@countersign/signing"
import { Context, type Effect } from "effect"

/** The port to the private keys. */
export class Signer extends Context.Service<
  Signer,
  {
    /** `unsigned` are header names, in lower case, that the signature leaves out. */
    readonly sign: (
      message: PreparedMessage,
      using: SignWith,
      unsigned: ReadonlyArray<string>
    ) => Effect.Effect<Uint8Array, SigningFailed | StorageUnavailable>
  }
>()("countersign/Signer") {}
