/**
 * What the commands about signing keys run on: the store, the zone and the secret of the configuration, and its
 * resolvers. A module of its own, because the other commands start faster without a resolver.
 */
import { KeySettings } from "@countersign/signing"
import { Effect, Layer, Redacted } from "effect"
import { OperatorError } from "./OperatorError.ts"
import { dkimKeysConfig, resolverConfig, resolverLayer, serviceConfig } from "./ServeConfig.ts"
import { storeWithExecutor } from "./Store.ts"

export const keyStore = Layer.unwrap(
  Effect.gen(function* () {
    const { secrets, dkimZone } = yield* serviceConfig
    if ((yield* dkimKeysConfig) === "elsewhere") {
      return yield* new OperatorError({ message: "DKIM_KEYS is elsewhere: the signing keys are not kept here." })
    }
    return Layer.mergeAll(
      keySettings(dkimZone, secrets),
      resolverLayer(yield* resolverConfig, { ours: dkimZone }),
      storeWithExecutor
    )
  })
)

/** The settings of the key ring: `secrets` in the order of `COUNTERSIGN_SECRET`. */
export const keySettings = (dkimZone: string, secrets: Redacted.Redacted<ReadonlyArray<string>>) =>
  KeySettings.layer({ dkimZone, secret: Redacted.make(Redacted.value(secrets).join(",")) })
