/**
 * The kinds of streams, and which kind a stored stream is of: the type of its first event tells.
 *
 * `verify`, `rebuild` and whoever else meets a stream by its name alone folds it with a `Replay`.
 */
import { Brand, Result } from "effect"
import type { Decider } from "./Decider.ts"
import type { EncodedEvent, EventUndecodable } from "./EventCodec.ts"
import type { SenderId } from "./Identity.ts"
import { type MailboxId, mailboxDecider } from "./Mailbox.ts"
import { unsupported } from "./Rederivation.ts"
import {
  decide,
  evolve,
  notAdded,
  type Rejection,
  type SenderCommand,
  type SenderState,
  type Unchanged
} from "./Sender.ts"
import { type SenderEvent, senderEventCodec } from "./SenderEvent.ts"
import { react } from "./SenderTask.ts"
import { type SenderEntry, view } from "./SenderView.ts"

/** The decider of senders. */
export const senderDecider: Decider<SenderId, SenderState, SenderCommand, SenderEvent, Rejection, Unchanged> = {
  initial: notAdded,
  evolve,
  decide,
  account: (state) => (state._tag === "Sender" ? state.account : undefined),
  view,
  react: (id, state, event) => (state._tag === "Sender" ? react(id, state, event) : []),
  doubt: (state, event) => (state._tag === "Sender" ? unsupported(state.plan, event) : undefined),
  codec: senderEventCodec
}

/** Folds the events of one stream, whatever its kind. */
export interface Replay {
  /** Takes the next event; answers why it cannot be read, if so. */
  readonly take: (stored: EncodedEvent) => EventUndecodable | undefined
  /** Why the event taken last does not follow from the evidence that it carries, if so. */
  readonly doubt: () => string | undefined
  /** The directory's row that follows from the events taken, if there is one. */
  readonly entry: () => SenderEntry | undefined
}

/** The newest schema version of every type of event, of every kind of stream. */
export const schemaVersions: { readonly [type: string]: number } = {
  ...senderDecider.codec.versions,
  ...mailboxDecider.codec.versions
}

/** Begins with the type of the stream's first event. One of no kind is taken for a sender's, which cannot read it. */
export const replayOf = (stream: string, firstType: string): Replay =>
  isOf(mailboxDecider, firstType)
    ? makeReplay(mailboxDecider, Brand.nominal<MailboxId>()(stream))
    : makeReplay(senderDecider, Brand.nominal<SenderId>()(stream))

/** Whether events of this type are known at all. */
export const isKnownType = (type: string): boolean => Object.hasOwn(schemaVersions, type)

/** Whether a stream that begins with an event of this type is of the decider's kind. */
export const isOf = (
  { codec }: { readonly codec: { readonly versions: { readonly [type: string]: number } } },
  firstType: string
): boolean => Object.hasOwn(codec.versions, firstType)

const makeReplay = <Id extends string, State, Command, Event, Rejected, Because extends string>(
  decider: Decider<Id, State, Command, Event, Rejected, Because>,
  id: Id
): Replay => {
  let state = decider.initial
  let doubt: string | undefined
  return {
    take: (stored) => {
      doubt = undefined
      const decoded = decider.codec.decode(stored)
      if (Result.isFailure(decoded)) return decoded.failure
      doubt = decider.doubt?.(state, decoded.success)
      state = decider.evolve(state, decoded.success)
      return undefined
    },
    doubt: () => doubt,
    entry: () => decider.view(id, state)
  }
}
