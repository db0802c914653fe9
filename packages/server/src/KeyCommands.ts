/**
 * `keys`: the signing keys, for an operator to publish, check, rotate and revoke. The use cases are in
 * `signing/KeyOperations.ts`.
 */
import { KeySlot } from "@countersign/core"
import { checkKeys, revokeKey, rotateKeys, showKeys, tableOf, zoneFileOf } from "@countersign/signing"
import { Effect, Layer, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, say, timeOf } from "./CommandAnswers.ts"
import { rotationSentence, signs } from "./KeySentences.ts"
import { OperatorError } from "./OperatorError.ts"

// Loaded for these commands alone.
const keyStore = Layer.unwrap(
  Effect.map(
    Effect.promise(() => import("./KeyStore.ts")),
    (module) => module.keyStore
  )
)

const keysShow = Command.make(
  "show",
  {
    table: Flag.Boolean("table").pipe(
      Flag.withDescription("As a table to type into a form, instead of lines of a zone file"),
      Flag.withDefault(false)
    ),
    json
  },
  Effect.fn(function* ({ table, json }) {
    const { records, signing } = yield* showKeys
    yield* say(json, { records, signing: signing ?? null }, table ? tableOf(records) : zoneFileOf(records))
  })
).pipe(Command.withDescription("Show the records to publish in DKIM_ZONE"), Command.provide(keyStore))

const keysCheck = Command.make(
  "check",
  { json },
  Effect.fn(function* ({ json }) {
    const { looks, signing } = yield* checkKeys
    const slots = looks.map(({ slot, sight, problem = null }) => ({ slot, sight, problem }))
    const wrong = slots.flatMap(({ slot, problem }) => (problem === null ? [] : [`Slot ${slot}: ${problem}`]))
    if (json) yield* say(true, { slots, signing: signing ?? null }, "")
    if (wrong.length > 0) return yield* new OperatorError({ message: wrong.join("\n") })
    if (!json) yield* say(false, {}, `All ${slots.length} keys are published. ${signs(signing)}`)
  })
).pipe(Command.withDescription("Ask the DNS whether the keys are published; exit 1 if not"), Command.provide(keyStore))

const keysRotate = Command.make(
  "rotate",
  { json },
  Effect.fn(function* ({ json }) {
    yield* checkKeys
    const step = yield* rotateKeys
    if (!json && (step._tag === "TooEarly" || step._tag === "Unpublished")) {
      return yield* new OperatorError({ message: rotationSentence(step) })
    }
    yield* say(json, step, rotationSentence(step))
  })
).pipe(
  Command.withDescription("Do the next step of replacing the keys, and say what comes after"),
  Command.provide(keyStore)
)

const keysRevoke = Command.make(
  "revoke",
  {
    slot: Argument.String("slot").pipe(Argument.withSchema(Schema.FiniteFromString.pipe(Schema.decodeTo(KeySlot)))),
    json
  },
  Effect.fn(function* ({ slot, json }) {
    const { happened, ring, replaceFrom } = yield* revokeKey(slot)
    if (!happened) return yield* new OperatorError({ message: `Slot ${slot} has no key.` })
    const next = `Delete its record now. It gets a new key at ${timeOf(replaceFrom)}.`
    yield* say(
      json,
      { slot, signing: ring.signing ?? null, replaceFrom },
      `Revoked the key of slot ${slot}. ${signs(ring.signing)} ${next}`
    )
  })
).pipe(Command.withDescription("Revoke the key of a slot; another slot signs at once"), Command.provide(keyStore))

/** `keys`. */
export const keysCommand = Command.make("keys").pipe(
  Command.withDescription("The keys that sign mail"),
  Command.withSubcommands([keysShow, keysCheck, keysRotate, keysRevoke])
)
