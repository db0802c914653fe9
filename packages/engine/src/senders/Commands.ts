/**
 * How the use cases run commands: ids, idempotency keys, and what a repetition is answered with.
 */
import { type Decision, type SenderState, view } from "@countersign/core"
import { Effect, Schema } from "effect"
import { type Executed, Executor, type Step, type StepDone } from "../Executor.ts"
import { Ids } from "../Ids.ts"
import type { ListedSender } from "../ports/SenderDirectory.ts"
import { CommandInFlight } from "../SenderErrors.ts"
import type { Caller } from "../Senders.ts"

/** The outcome that a receipt keeps: ids and versions, from which the first answer can be made again. */
const Receipt = Schema.fromJsonString(
  Schema.Struct({
    senders: Schema.Array(
      Schema.Struct({
        sender: Schema.String,
        version: Schema.Int,
        happened: Schema.Boolean
      })
    )
  })
)
type Receipt = typeof Receipt.Type

const encodeReceipt = (steps: ReadonlyArray<StepDone>): string =>
  JSON.stringify({
    senders: steps.map(({ sender, version, decision }) => ({
      sender,
      version,
      happened: decision._tag === "Happened"
    }))
  } satisfies Receipt)

const decodeReceipt = Schema.decodeUnknownEffect(Receipt)

/** What came of one step; a repetition knows only whether something happened then. */
export interface CommandOutcome {
  readonly sender: string
  readonly version: number
  readonly happened: boolean
  /** Absent in a repetition. */
  readonly done: StepDone | undefined
}

export const makeCommands = Effect.gen(function* () {
  const executor = yield* Executor
  const ids = yield* Ids
  const inFlight = new Set<string>()

  const execute = Effect.fnUntraced(function* (
    caller: Caller,
    id: string,
    steps: ReadonlyArray<Step>
  ): Effect.fn.Return<ReadonlyArray<CommandOutcome>, Effect.Error<ReturnType<Executor["Service"]["execute"]>>> {
    const executed: Executed = yield* executor.execute({
      account: caller.account,
      actor: caller.actor,
      correlation: caller.correlation,
      command: { id, fingerprint: caller.idempotency?.fingerprint ?? "" },
      alwaysReceipt: caller.idempotency !== undefined,
      steps,
      result: encodeReceipt
    })
    if (executed._tag === "Done") {
      return executed.steps.map((done) => ({
        sender: done.sender,
        version: done.version,
        happened: done.decision._tag === "Happened",
        done
      }))
    }
    // We wrote it ourselves: one that does not read is a broken store.
    const receipt = yield* Effect.orDie(decodeReceipt(executed.result))
    return receipt.senders.map((outcome) => ({ ...outcome, done: undefined }))
  })

  /** Runs one command over the given senders, once for each idempotency key. */
  const run = Effect.fnUntraced(
    function* (caller: Caller, steps: ReadonlyArray<Step>) {
      if (caller.idempotency === undefined) return yield* execute(caller, yield* ids.next, steps)
      const id = `key:${caller.idempotency.key}`
      const place = `${caller.account}\n${id}`
      if (inFlight.has(place)) return yield* new CommandInFlight()
      inFlight.add(place)
      return yield* Effect.ensuring(
        execute(caller, id, steps),
        Effect.sync(() => inFlight.delete(place))
      )
    },
    Effect.catchTag("LeaseLost", Effect.die)
  )

  return { run, nextId: ids.next }
})

export type Commands = Effect.Success<typeof makeCommands>

/** A live sender as the directory lists it. */
export const listed = (sender: string, state: SenderState, position: number): ListedSender | undefined => {
  const entry = view(sender, state)
  return entry === undefined ? undefined : { ...entry, position }
}

export const rejectionOf = (decision: Decision | undefined) =>
  decision?._tag === "Rejected" ? decision.rejection : undefined
