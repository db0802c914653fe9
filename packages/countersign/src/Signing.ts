/**
 * Signing as plain async functions: a composed message, the plugin for nodemailer, and the records of the keys.
 */
import { Ids } from "@countersign/engine"
import { type ComposedMail, countersignSigning, type MailOwner, makeMailSigner, showKeys } from "@countersign/signing"
import { type Context, Effect } from "effect"
import { withOwnMessage } from "./AsyncSenders.ts"

/** What the functions below work on. */
export type SigningRequirements = Effect.Services<typeof makeMailSigner> | Effect.Services<typeof showKeys>

export const makeSigning = Effect.fnUntraced(function* (context: Context.Context<SigningRequirements>) {
  const signer = yield* Effect.provide(makeMailSigner, context)
  const run = Effect.runPromiseWith(context)
  const sign = (message: Uint8Array | string, owner: MailOwner): Promise<Uint8Array> =>
    Effect.flatMap(Ids, ({ next }) => next).pipe(
      Effect.flatMap((id) => signer(typeof message === "string" ? Buffer.from(message) : message, owner, id)),
      Effect.mapError(withOwnMessage),
      run
    )
  return {
    sign,
    nodemailer: <Data>(owner: MailOwner | ((data: Data) => MailOwner)) =>
      countersignSigning<MailOwner, Data>(sign, typeof owner === "function" ? owner : () => owner),
    keyRecords: () => run(Effect.map(Effect.mapError(showKeys, withOwnMessage), ({ records }) => records))
  }
})

export type { ComposedMail, MailOwner }
