/**
 * The DKIM provider of the product's own: tokens derived from the installation's identity key, bound to account and domain.
 *
 * A record that another account published proves nothing, and the same account gets the same records again.
 */
import { makeDnsPlan, makeIdentity } from "@countersign/core"
import { Effect, Layer, Redacted } from "effect"
import { DkimProvider } from "./ports/DkimProvider.ts"
import { Installation } from "./ports/Installation.ts"

/** `zone` is where the signing keys are served: the records point to `<token>.<zone>`. */
export const DkimTokens = {
  layer: (zone: string): Layer.Layer<DkimProvider, never, Installation> =>
    Layer.effect(
      DkimProvider,
      Effect.gen(function* () {
        const { identityKey } = yield* Installation
        const identity = makeIdentity(Redacted.value(identityKey))
        return DkimProvider.of({
          plan: (account, domain) => Effect.sync(() => makeDnsPlan(domain, identity.dkimTokens(account, domain), zone))
        })
      })
    )
}
