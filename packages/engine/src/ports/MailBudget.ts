/**
 * How much mail may go to one address and out of one account: one counter in the store, shared by all processes.
 *
 * Limits act where mail is sent, so an add is never refused: its mail waits. The waiting is silent, so nobody learns
 * what other accounts do. `MailAllowance.ts` has the rule; an adapter keeps the counts.
 */
import { createHash } from "node:crypto"
import { Context, type Effect } from "effect"
import type { StorageUnavailable } from "./EventStore.ts"

/** Whether a mail may go out now, or from when on (milliseconds since the epoch). */
export type Budget = { readonly _tag: "Granted" } | { readonly _tag: "NotBefore"; readonly at: number }

/** Names a mailbox without saying which: the SHA-256 of its canonical address, as base64url. */
export const mailboxHash = (canonical: string): string => createHash("sha256").update(canonical).digest("base64url")

/** Counts mails, for all processes together. */
export class MailBudget extends Context.Service<
  MailBudget,
  {
    /**
     * Takes one mail to the address (as a hash, `mailboxHash`) out of the account's budget, or says when to ask again
     * (milliseconds since the epoch). The same `mail` is counted once, however often it is asked for.
     */
    readonly take: (request: {
      readonly mail: string
      readonly addressHash: string
      readonly account: string
    }) => Effect.Effect<Budget, StorageUnavailable>
  }
>()("countersign/MailBudget") {}
