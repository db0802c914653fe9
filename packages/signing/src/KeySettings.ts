/**
 * What the key ring has to be told: the zone that its keys are served in, and the secret that wraps them.
 */
import { parseDkimZone, parseLinkSecrets } from "@countersign/core"
import { readSetting, type SettingInvalid } from "@countersign/engine"
import { Context, Effect, Layer, Redacted } from "effect"
import { makeWrappingKeys, type WrappingKeys } from "./KeyWrap.ts"

/** See the top of the file. */
export class KeySettings extends Context.Service<
  KeySettings,
  { readonly zone: string; readonly wrappingKeys: WrappingKeys }
>()("countersign/KeySettings") {
  /** `secret` is the one that signs the links: `new,old` wraps with the first and unwraps with both. */
  static readonly layer = (given: {
    readonly dkimZone: string
    readonly secret: Redacted.Redacted
  }): Layer.Layer<KeySettings, SettingInvalid> =>
    Layer.effect(
      KeySettings,
      Effect.gen(function* () {
        const zone = yield* readSetting("dkimZone", parseDkimZone(given.dkimZone))
        const secrets = yield* readSetting("secret", parseLinkSecrets(Redacted.value(given.secret)))
        return { zone, wrappingKeys: makeWrappingKeys(secrets) }
      })
    )
}
