/**
 * A decider: all that the engine has to know of one kind of stream, as one value.
 *
 * The engine folds a stream with `evolve`, asks `decide` what a command makes happen, and commits the events together
 * with the directory entry (`view`) and the tasks (`react`) that follow from them. All of it is pure. The deciders are
 * in `Deciders.ts`, which also tells the one that a stored stream belongs to.
 */
import type { EventCodec } from "./EventCodec.ts"
import type { AccountId } from "./Owner.ts"
import type { NewTask } from "./SenderTask.ts"
import type { SenderEntry } from "./SenderView.ts"

/** What a command comes to: events, nothing new, or a refusal that the caller is told. */
export type Decision<Event, Rejection, Unchanged extends string> =
  | { readonly _tag: "Happened"; readonly events: readonly [Event, ...ReadonlyArray<Event>] }
  | { readonly _tag: "Unchanged"; readonly because: Unchanged }
  | { readonly _tag: "Rejected"; readonly rejection: Rejection }

/** One kind of stream: see the top of the file. */
export interface Decider<Id extends string, State, Command, Event, Rejection, Unchanged extends string> {
  /** The state before the first event. */
  readonly initial: State
  /** The state after an event. Total: an event that means nothing in a state leaves it as it is. */
  readonly evolve: (state: State, event: Event) => State
  /** What a command makes happen. The same command on the state it produced makes nothing happen. */
  readonly decide: (state: State, command: Command) => Decision<Event, Rejection, Unchanged>
  /** Whose stream it is; `undefined` before the first event. */
  readonly account: (state: State) => AccountId | undefined
  /** The row that the directory has for the stream, if it has one. */
  readonly view: (id: Id, state: State) => SenderEntry | undefined
  /** The tasks that follow from an event; `state` is the one after it. */
  readonly react: (id: Id, state: State, event: Event) => ReadonlyArray<NewTask>
  /** Why an event that happened in a state does not follow from what it carries, if so. */
  readonly doubt?: (state: State, event: Event) => string | undefined
  readonly codec: EventCodec<Event>
}
