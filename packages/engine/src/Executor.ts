/**
 * Load, fold, decide, commit; on a conflict read what is new and decide again.
 *
 * The only caller of `decide` and of the Writer. A request runs a script over one or several streams, of whatever kind:
 * what it decides is committed together or not at all, and only while what it read still holds. With an idempotency key
 * it is done once, and its receipt answers every repetition.
 */
import type { AccountId, Decider, EventUndecodable } from "@countersign/core"
import { Context, Effect, Layer, Option, Result, Schema } from "effect"
import { encodeEventMeta } from "./EventMeta.ts"
import { Ids } from "./Ids.ts"
import { EventStore, type Position, type StorageUnavailable, type TaskFence } from "./ports/EventStore.ts"
import type { KeyChange } from "./ports/SigningKeys.ts"
import { LeaseLost } from "./ports/TaskQueue.ts"
import { type Loaded, loadStream, ScriptRun, type Transaction } from "./ScriptRun.ts"
import { CommandIdReused, CommandInFlight, Overloaded, type WriteFailure } from "./SenderErrors.ts"
import { Writer } from "./Writer.ts"

/** Who asks, and how often the same counts. */
export interface Request {
  readonly account: AccountId
  readonly actor: string
  readonly correlation: string
  /** The same key with the same fingerprint answers the first outcome, for 24 hours. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined
  /**
   * The id of the command, when the one who asks has one of its own; what was written under it is not written again.
   */
  readonly command?: string
  /** A task that is done with what is committed. */
  readonly settles?: TaskFence
  /** What becomes of private signing keys when something is committed. */
  readonly keys?: ReadonlyArray<KeyChange>
  /** Streams that were read already: the script need not read them again. */
  readonly known?: ReadonlyArray<Loaded<unknown>>
}

/** What a receipt keeps of one stream: enough to make the first answer again. */
const Outcome = Schema.Struct({ id: Schema.String, version: Schema.Int, happened: Schema.Boolean })
export type Outcome = typeof Outcome.Type

const Receipt = Schema.fromJsonString(Schema.Struct({ outcomes: Schema.Array(Outcome) }))
const decodeReceipt = Schema.decodeUnknownEffect(Receipt)
const encodeReceipt = (outcomes: ReadonlyArray<Outcome>): string =>
  JSON.stringify({ outcomes } satisfies (typeof Receipt)["Type"])

/** What became of a request; `outcomes` are of the streams that the script decided on, in its order. */
export type Executed<A> =
  | {
      readonly _tag: "Done"
      /** What the script answered. */
      readonly value: A
      readonly outcomes: ReadonlyArray<Outcome>
      readonly committed: boolean
      /** The position of a stream's directory entry, once something was committed to it. */
      readonly positions: ReadonlyMap<string, Position>
    }
  /** The same command was done before. */
  | { readonly _tag: "Replayed"; readonly outcomes: ReadonlyArray<Outcome> }

/** What reading a stream may fail with. */
export type ReadFailure = StorageUnavailable | EventUndecodable

/** What any request may fail with, besides what its script does. */
export type ExecuteFailure = WriteFailure | EventUndecodable | CommandIdReused | CommandInFlight | LeaseLost

/** A stream this contended is not a customer's: give up rather than spin. */
const conflictLimit = 50

/** Runs scripts over streams: see the top of the file. */
export class Executor extends Context.Service<
  Executor,
  {
    /**
     * The state of a stream, optionally as it was at an earlier version. A stream of another kind is as if it had no
     * events.
     */
    readonly load: <Id extends string, S, C, E, R, U extends string>(
      decider: Decider<Id, S, C, E, R, U>,
      id: Id,
      upTo?: number
    ) => Effect.Effect<Loaded<S>, ReadFailure>
    /** Runs the script and commits what it decides. When it fails nothing is committed. It may be run several times. */
    readonly execute: <A, F>(
      request: Request,
      script: (tx: Transaction) => Effect.Effect<A, F>
    ) => Effect.Effect<Executed<A>, F | ExecuteFailure>
  }
>()("countersign/Executor") {
  static readonly layer = Layer.effect(
    Executor,
    Effect.gen(function* () {
      const store = yield* EventStore
      const writer = yield* Writer
      const ids = yield* Ids
      const inFlight = new Set<string>()

      const replay = (result: string) =>
        Effect.map(
          // We wrote it ourselves: one that does not read is a broken store.
          Effect.orDie(decodeReceipt(result)),
          ({ outcomes }): Executed<never> => ({ _tag: "Replayed", outcomes })
        )

      /**
       * What a refusal comes to when the first run of the command was written: what it is refused now does not count.
       */
      const replayInstead = Effect.fnUntraced(function* <F>(
        { account, idempotency }: Request,
        command: string,
        failure: F
      ) {
        const receipt = idempotency === undefined ? Option.none() : yield* store.receipt(account, command)
        if (Option.isNone(receipt)) return yield* Effect.fail(failure)
        if (receipt.value.fingerprint !== idempotency?.fingerprint) return yield* new CommandIdReused()
        return yield* replay(receipt.value.result)
      })

      const attempt = Effect.fnUntraced(function* <A, F>(
        request: Request,
        command: string,
        script: (tx: Transaction) => Effect.Effect<A, F>
      ): Effect.fn.Return<Executed<A>, F | ExecuteFailure> {
        const { account, actor, correlation, idempotency, keys, settles } = request
        const meta = encodeEventMeta({ actor, command, correlation })
        const run = new ScriptRun(store, account, request.known)
        for (let attempts = 0; attempts < conflictLimit; attempts++) {
          run.begin()
          const result = yield* Effect.result(script(run))
          if (Result.isFailure(result)) return yield* replayInstead(request, command, result.failure)
          const outcomes = run.outcomes()
          const done = { _tag: "Done", value: result.success, outcomes } as const
          if (idempotency === undefined && !outcomes.some(({ happened }) => happened)) {
            return { ...done, committed: false, positions: new Map() }
          }
          const appends = run.appends(meta)
          const outcome = yield* writer.submit({
            account,
            command: { id: command, fingerprint: idempotency?.fingerprint ?? "", result: encodeReceipt(outcomes) },
            appends,
            ...(settles === undefined ? {} : { settles }),
            ...(keys === undefined ? {} : { keys })
          })
          switch (outcome._tag) {
            case "Committed": {
              const positions = new Map(
                appends.map(({ stream }, index) => [stream, outcome.appends[index]?.entryPosition ?? 0])
              )
              return { ...done, committed: true, positions }
            }
            case "Duplicate":
              return yield* replay(outcome.result)
            case "CommandIdReused":
              return yield* new CommandIdReused()
            case "LeaseLost":
              return yield* new LeaseLost({ task: settles?.task ?? "" })
            case "Conflict":
              yield* run.absorb(outcome.stream, outcome.newer)
          }
        }
        return yield* new Overloaded({ retryAfter: 1_000 })
      })

      const execute = Effect.fnUntraced(function* <A, F>(
        request: Request,
        script: (tx: Transaction) => Effect.Effect<A, F>
      ): Effect.fn.Return<Executed<A>, F | ExecuteFailure> {
        const { account, idempotency } = request
        if (idempotency === undefined) return yield* attempt(request, request.command ?? (yield* ids.next), script)
        const command = `key:${idempotency.key}`
        const inFlightKey = `${account}\n${command}`
        if (inFlight.has(inFlightKey)) return yield* new CommandInFlight()
        inFlight.add(inFlightKey)
        return yield* Effect.ensuring(
          attempt(request, command, script),
          Effect.sync(() => inFlight.delete(inFlightKey))
        )
      })

      return Executor.of({ load: (decider, id, upTo) => loadStream(store, decider, id, upTo), execute })
    })
  )
}
