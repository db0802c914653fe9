/**
 * The DKIM provider of the product's own: tokens derived from the installation's identity key, bound to account and
 * domain.
 *
 * A record that another account published proves nothing, and the same account gets the same records again.
 */
import { makeDnsPlan, makeIdentity, parseDkimZone } from "@countersign/core"
import { Effect, Layer, Redacted } from "effect"
import { DkimProvider } from "./ports/DkimProvider.ts"
import { Installation } from "./ports/Installation.ts"
import { readSetting, type SettingInvalid } from "./Settings.ts"

/** `dkimZone` is where the signing keys are served: the records point to `<token>.k<slot>.<zone>`. */
export const DkimTokens = {
  layer: (dkimZone: string): Layer.Layer<DkimProvider, SettingInvalid, Installation> =>
    Layer.effect(
      DkimProvider,
      Effect.gen(function* () {
        const zone = yield* readSetting("dkimZone", parseDkimZone(dkimZone))
        const { identityKey } = yield* Installation
        const identity = makeIdentity(Redacted.value(identityKey))
        return DkimProvider.of({
          plan: (account, domain) => Effect.sync(() => makeDnsPlan(domain, identity.dkimTokens(account, domain), zone))
        })
      })
    )
}
