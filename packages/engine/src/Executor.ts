/**
 * Load, fold, decide, commit; on a conflict read what is new and decide again.
 *
 * The only caller of `decide` and of the Writer. A request names the senders it concerns; their events, entries and tasks are
 * committed together or not at all.
 */
import {
  type Decision,
  decide,
  decodeEvent,
  encodeEvent,
  evolve,
  type NewTask,
  notAdded,
  react,
  type SenderCommand,
  type SenderState,
  view
} from "@countersign/core"
import { Context, Effect, Layer, Result } from "effect"
import {
  type Append,
  type CommitOutcome,
  EventStore,
  type StorageUnavailable,
  type StoredEvent,
  type TaskFence
} from "./ports/EventStore.ts"
import { LeaseLost } from "./ports/TaskQueue.ts"
import { CommandIdReused, Overloaded, type WriteFailure } from "./SenderErrors.ts"
import { Writer } from "./Writer.ts"

/** A sender as the store has it: `at` is the storage's own time of reading. */
export interface Loaded {
  readonly sender: string
  readonly state: SenderState
  readonly version: number
  readonly at: number
}

/** One sender of a request, and what is asked of it. */
export interface Step {
  readonly sender: string
  /** The command for the state that was found; asked again after a conflict. */
  readonly command: (loaded: Loaded) => Effect.Effect<SenderCommand, StorageUnavailable>
}

/** A command over one or several senders: all or nothing. */
export interface Request {
  readonly account: string
  readonly actor: string
  readonly correlation: string
  readonly command: { readonly id: string; readonly fingerprint: string }
  readonly steps: ReadonlyArray<Step>
  /** The JSON text that the receipt keeps and a repetition is answered with. */
  readonly result: (steps: ReadonlyArray<StepDone>) => string
  /** Whether a receipt is kept even when nothing happens. */
  readonly alwaysReceipt: boolean
  readonly settles?: TaskFence
}

/** What became of one step. */
export interface StepDone {
  readonly sender: string
  readonly decision: Decision
  readonly state: SenderState
  readonly version: number
  /** The position of the sender's entry, once something was committed; 0 otherwise. */
  readonly position: number
}

/** `Replayed`: the same command was done before, and this is what its receipt holds. */
export type Executed =
  | { readonly _tag: "Done"; readonly committed: boolean; readonly steps: ReadonlyArray<StepDone> }
  | { readonly _tag: "Replayed"; readonly result: string }

const pageSize = 500
/** A stream this contended is not a customer's: give up rather than spin. */
const conflictLimit = 50
/** No task has this id. */
const nobody: TaskFence = { task: "nobody", fence: 0 }

/** Runs commands over senders: see the top of the file. */
export class Executor extends Context.Service<
  Executor,
  {
    /** The state of a sender, optionally as it was at an earlier version. */
    readonly load: (sender: string, upTo?: number) => Effect.Effect<Loaded, StorageUnavailable>
    /**
     * Decides every step and commits what happens. When one step is rejected nothing is committed: the steps say so.
     */
    readonly execute: (request: Request) => Effect.Effect<Executed, WriteFailure | CommandIdReused | LeaseLost>
  }
>()("countersign/Executor") {
  static readonly layer = Layer.effect(
    Executor,
    Effect.gen(function* () {
      const store = yield* EventStore
      const writer = yield* Writer

      const load = Effect.fnUntraced(function* (sender: string, upTo = Number.MAX_SAFE_INTEGER) {
        let loaded: Loaded = { sender, state: notAdded, version: 0, at: 0 }
        while (true) {
          const page = yield* store.readStream(sender, loaded.version, Math.min(pageSize, upTo - loaded.version))
          loaded = { ...(yield* absorb(loaded, page.events)), at: page.now }
          if (page.events.length < pageSize || loaded.version >= upTo) return loaded
        }
      })

      /**
       * The answer of a repeated command whose first run was written: what it is refused now does not count. A commit that settles a task which
       * nobody holds is never written, and the receipt is told before that.
       */
      const receiptOf = Effect.fnUntraced(function* ({ account, command }: Request) {
        const outcome = yield* writer.submit({
          account,
          command: { ...command, result: "" },
          appends: [],
          settles: nobody
        })
        if (outcome._tag === "CommandIdReused") return yield* new CommandIdReused()
        return outcome._tag === "Duplicate"
          ? ({ _tag: "Replayed", result: outcome.result } satisfies Executed)
          : undefined
      })

      const execute = Effect.fnUntraced(function* (request: Request) {
        let loaded: ReadonlyArray<Loaded> = yield* Effect.forEach(request.steps, (step) => load(step.sender))
        for (let attempt = 0; attempt < conflictLimit; attempt++) {
          const steps: Array<StepDone> = []
          for (const [index, found] of loaded.entries()) {
            const step = request.steps[index]
            const own = ownOnly(found, request.account)
            if (step !== undefined) steps.push(decideStep(own, yield* step.command(own)))
          }
          if (steps.some(({ decision }) => decision._tag === "Rejected")) {
            return request.alwaysReceipt ? ((yield* receiptOf(request)) ?? done(false, steps)) : done(false, steps)
          }
          const happened = steps.some(({ decision }) => decision._tag === "Happened")
          if (!happened && !request.alwaysReceipt) return done(false, steps)
          const outcome = yield* writer.submit({
            account: request.account,
            command: { ...request.command, result: request.result(steps) },
            appends: steps.flatMap((step, index) => toAppend(request, step, loaded[index])),
            ...(request.settles === undefined ? {} : { settles: request.settles })
          })
          switch (outcome._tag) {
            case "Committed":
              return done(true, withPositions(steps, outcome))
            case "Duplicate":
              return { _tag: "Replayed", result: outcome.result } satisfies Executed
            case "CommandIdReused":
              return yield* new CommandIdReused()
            case "LeaseLost":
              return yield* new LeaseLost({ task: request.settles?.task ?? "" })
            case "Conflict":
              loaded = yield* Effect.forEach(loaded, (found) =>
                found.sender === outcome.stream ? absorb(found, outcome.newer) : Effect.succeed(found)
              )
          }
        }
        return yield* new Overloaded({ retryAfter: 1_000 })
      })

      return Executor.of({ load, execute })
    })
  )
}

const done = (committed: boolean, steps: ReadonlyArray<StepDone>): Executed => ({ _tag: "Done", committed, steps })

/** Folds further events in. One that cannot be read is a defect: deciding without it would decide on a lie. */
const absorb = (loaded: Loaded, events: ReadonlyArray<StoredEvent>): Effect.Effect<Loaded> =>
  Effect.suspend(() => {
    let { state, version, at } = loaded
    for (const stored of events) {
      if (stored.version <= version) continue
      const decoded = decodeEvent(stored)
      if (Result.isFailure(decoded)) return Effect.die(decoded.failure)
      state = evolve(state, decoded.success)
      version = stored.version
      at = Math.max(at, stored.recordedAt)
    }
    return Effect.succeed({ sender: loaded.sender, state, version, at })
  })

/** The wall between tenants: another account's sender is as if it never was. */
const ownOnly = (found: Loaded, account: string): Loaded =>
  found.state._tag === "Sender" && found.state.account !== account ? { ...found, state: notAdded } : found

const decideStep = ({ sender, state, version }: Loaded, command: SenderCommand): StepDone => {
  const decision = decide(state, command)
  if (decision._tag !== "Happened") return { sender, decision, state, version, position: 0 }
  return {
    sender,
    decision,
    state: decision.events.reduce(evolve, state),
    version: version + decision.events.length,
    position: 0
  }
}

const toAppend = (request: Request, step: StepDone, before: Loaded | undefined): ReadonlyArray<Append> => {
  if (step.decision._tag !== "Happened" || before === undefined) return []
  const meta = JSON.stringify({
    actor: request.actor,
    command: request.command.id,
    correlation: request.correlation
  })
  const tasks: Array<NewTask> = []
  let state = before.state
  for (const event of step.decision.events) {
    state = evolve(state, event)
    if (state._tag === "Sender") tasks.push(...react(step.sender, state, event))
  }
  return [
    {
      stream: step.sender,
      expected: before.version,
      events: step.decision.events.map((event) => ({ ...encodeEvent(event), meta })),
      entry: view(step.sender, state),
      tasks
    }
  ]
}

const withPositions = (
  steps: ReadonlyArray<StepDone>,
  outcome: CommitOutcome & { readonly _tag: "Committed" }
): ReadonlyArray<StepDone> => {
  const positions = outcome.appends.map(({ entryPosition }) => entryPosition)
  return steps.map((step) => (step.decision._tag === "Happened" ? { ...step, position: positions.shift() ?? 0 } : step))
}
