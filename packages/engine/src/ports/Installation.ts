/**
 * What is made once with the store and never changes: the installation's id, and the key that sender ids and DNS tokens
 * are derived from.
 */
import { Context, type Redacted } from "effect"

/** What was made once with the store. */
export class Installation extends Context.Service<
  Installation,
  {
    readonly id: string
    /** 32 random bytes. */
    readonly identityKey: Redacted.Redacted<Uint8Array>
  }
>()("countersign/Installation") {}
