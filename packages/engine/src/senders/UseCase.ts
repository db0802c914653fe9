/**
 * What all use cases share: one object as input, decoded at the door, whatever TypeScript says about it; and a span.
 */
import { AccountId, EventUndecodable, SenderId, StoredSenderId } from "@countersign/core"
import { Effect, Option, Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import { Ids } from "../Ids.ts"
import { LeaseLost } from "../ports/TaskQueue.ts"
import { type InvalidData, SenderNotFound } from "../SenderErrors.ts"
import { plainInput, refusedInput } from "./PlainInput.ts"

/** A text that every store can keep: PostgreSQL keeps neither NUL nor lone surrogates. */
export const storable = Schema.makeFilter<string>((text) =>
  text.isWellFormed() && !text.includes("\0") ? undefined : "a text without NUL and lone surrogates"
)

export const Text = Schema.String.check(storable)

/** Who asks. `actor` and `correlation` are written into the metadata of every event that follows. */
export const Caller = Schema.Struct({
  account: AccountId.check(storable),
  /** For example `key:<id>`, `mailbox`, `operator`. `host` when absent. */
  actor: Schema.optionalKey(Text),
  /** The id of the request that led here. A new one when absent. */
  correlation: Schema.optionalKey(Text),
  /** Makes the call repeatable: the same key with the same fingerprint answers the first outcome, for 24 hours. */
  idempotency: Schema.optionalKey(Schema.Struct({ key: Text, fingerprint: Text }))
})
/** Who asks, as it is given. */
export type Caller = typeof Caller.Encoded

/** A request as the Executor takes it. */
export const request = Effect.fnUntraced(function* ({ account, actor, correlation, idempotency }: typeof Caller.Type) {
  const ids = yield* Ids
  return { account, actor: actor ?? "host", correlation: correlation ?? (yield* ids.next), idempotency }
})

const isSenderId = Schema.is(SenderId)

/** One sender of an account. A text that can be no sender's id is no error of form: there is no such sender. */
export const SenderOf = {
  account: Caller.fields.account,
  id: Schema.String.pipe(
    Schema.decodeTo(
      StoredSenderId,
      SchemaTransformation.transform({
        decode: (text: string): string => (isSenderId(text) ? text : "none"),
        encode: (id: string) => id
      })
    )
  )
}

/** The sender that was found. */
export const orNotFound = <A, E>(found: Effect.Effect<Option.Option<A>, E>): Effect.Effect<A, E | SenderNotFound> =>
  Effect.flatMap(found, (sender) =>
    Option.isSome(sender) ? Effect.succeed(sender.value) : Effect.fail(new SenderNotFound())
  )

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** A use case as a method: it decodes its input, which fails with `InvalidData`, and runs in a span of its name. */
export const useCase = <Input extends Schema.Codec<unknown, unknown>, A, E, E2, R>(
  name: string,
  input: Input,
  make: Effect.Effect<(input: Input["Type"]) => Effect.Effect<A, E>, E2, R>
) => Effect.map(untracedUseCase(input, make), (run) => Effect.fn(`Senders.${name}`)(run))

/** A use case that a service asks before each mail: no span, which would cost more than the answer. */
export const untracedUseCase = <Input extends Schema.Codec<unknown, unknown>, A, E, E2, R>(
  input: Input,
  make: Effect.Effect<(input: Input["Type"]) => Effect.Effect<A, E>, E2, R>
) => {
  const decode = decoder(input)
  return Effect.map(
    make,
    (run) =>
      (given: Input["Encoded"]): Effect.Effect<A, Exclude<E, Broken> | InvalidData> =>
        Effect.catch(
          Effect.suspend(() => Effect.flatMapEager(decode(given), run)),
          (failure) =>
            failure instanceof EventUndecodable || failure instanceof LeaseLost
              ? Effect.die(failure)
              : // What is left when those are gone; TypeScript narrows no type parameter.
                Effect.fail(failure as Exclude<E, Broken> | InvalidData)
        )
  )
}

/** Nobody who asks can do anything about it: a stored event cannot be read, or a lease was lost that nobody holds. */
type Broken = EventUndecodable | LeaseLost

const decoder = <Input extends Schema.Codec<unknown, unknown>>(input: Input) => {
  const decode = Schema.decodeUnknownResult(input)
  return (given: unknown): Effect.Effect<Input["Type"], InvalidData> => {
    const plain = plainInput(given)
    if (Result.isFailure(plain)) return Effect.fail(plain.failure)
    return Effect.fromResult(Result.mapError(decode(plain.success), ({ issue }) => invalid(issue)))
  }
}

const invalid = (issue: SchemaIssue.Issue): InvalidData => {
  const [first] = formatIssue(issue).issues
  const path = (first?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part))
  return refusedInput(path, `is not valid: ${lowerFirst(first?.message ?? "it is not of its form")}`)
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
