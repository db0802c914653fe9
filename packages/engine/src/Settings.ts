/**
 * What the engine has to be told by whoever runs it.
 */
import {
  type LinkKeys,
  makeLinkKeys,
  type PublicUrl,
  parseEmailAddress,
  parseLinkSecrets,
  parsePublicUrl
} from "@countersign/core"
import { Context, Effect, Layer, Redacted, Result, Schema } from "effect"

/** A setting is wrong. The message is one sentence that names it, and tells no secret. */
export class SettingInvalid extends Schema.TaggedError<SettingInvalid>()("SettingInvalid", {
  setting: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.setting} ${this.problem}`
  }
}

/** Reads one setting by its rule. */
export const readSetting = <A>(setting: string, value: Result.Result<A, string>): Effect.Effect<A, SettingInvalid> =>
  Effect.fromResult(Result.mapError(value, (problem) => new SettingInvalid({ setting, problem })))

/** What holds for the whole installation. */
export class Settings extends Context.Service<
  Settings,
  {
    /** Where the confirmation pages are reached. The only source of a link's host. */
    readonly publicUrl: PublicUrl
    /** Keys of verification links, the newest first. */
    readonly linkKeys: LinkKeys
    /** Whether names under `.test` and `.example` are allowed. For the sandbox only. */
    readonly allowTestNames: boolean
    /** The From address of mail that no sender may be named on; signed upstream, or itself a sender. */
    readonly fallbackFrom: string | undefined
  }
>()("countersign/Settings") {
  /** `secret` signs the links, with at least 32 characters; `new,old` signs with the first and accepts both. */
  static readonly layer = (given: {
    readonly publicUrl: string
    readonly secret: Redacted.Redacted
    readonly allowTestNames?: boolean
    readonly fallbackFrom?: string | undefined
  }): Layer.Layer<Settings, SettingInvalid> =>
    Layer.effect(
      Settings,
      Effect.gen(function* () {
        const publicUrl = yield* readSetting("publicUrl", parsePublicUrl(given.publicUrl))
        const secrets = yield* readSetting("secret", parseLinkSecrets(Redacted.value(given.secret)))
        const { allowTestNames = false } = given
        const fallbackFrom =
          given.fallbackFrom === undefined
            ? undefined
            : yield* readSetting("fallbackFrom", parseFallbackFrom(given.fallbackFrom, allowTestNames))
        return { publicUrl, linkKeys: makeLinkKeys(secrets), allowTestNames, fallbackFrom }
      })
    )
}

const parseFallbackFrom = (value: string, allowTestNames: boolean): Result.Result<string, string> =>
  Result.mapBoth(parseEmailAddress(value, { allowTestNames }), {
    onSuccess: ({ typed }) => typed,
    onFailure: ({ message }) => `is no address: ${message}`
  })

/**
 * How often the workers read the task queue when nothing wakes them, in milliseconds: no work depends on a hint of
 * the storage's. A store that is watched by no other process may be read less often.
 */
export class SlowPoll extends Context.Reference<number>("countersign/SlowPoll", { defaultValue: () => 30_000 }) {}

/**
 * Whether the signing keys are served by this installation. Then a probe asks for the key behind each alias, too, as a
 * receiver of mail does. `false` when somebody else serves and signs.
 */
export class KeysServed extends Context.Reference<boolean>("countersign/KeysServed", { defaultValue: () => false }) {}
