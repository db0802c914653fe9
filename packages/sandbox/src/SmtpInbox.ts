/**
 * The mails that the SMTP sink holds, newest first and bounded in number. The sink puts messages in; whoever asks the
 * sink for its messages reads here.
 */
import { DateTime, type Duration, Effect, SubscriptionRef } from "effect"
import { type Envelope, type MessageUnreadable, type ReceivedMessage, read } from "./ReceivedMessage.ts"
import { awaitState, type SandboxTimeout } from "./SandboxTimeout.ts"

export interface SmtpInbox {
  readonly messages: Effect.Effect<ReadonlyArray<ReceivedMessage>>
  readonly clear: Effect.Effect<void>
  /** How many messages have been kept since the start, those restored not counted. */
  readonly received: Effect.Effect<number>
  readonly awaitMessage: (
    predicate: (message: ReceivedMessage) => boolean,
    timeout: Duration.Input
  ) => Effect.Effect<ReceivedMessage, SandboxTimeout>
  /**
   * Reads a message, keeps it, and tells `onMessage`; when that dies, the message is taken out again and so dies this.
   */
  readonly keep: (bytes: Uint8Array, envelope: Envelope) => Effect.Effect<ReceivedMessage, MessageUnreadable>
}

export const make = Effect.fnUntraced(function* (options: {
  readonly restored: ReadonlyArray<ReceivedMessage>
  readonly max: number
  readonly onMessage: (message: ReceivedMessage, octets: Uint8Array) => Effect.Effect<void>
}): Effect.fn.Return<SmtpInbox> {
  const messages = yield* SubscriptionRef.make<ReadonlyArray<ReceivedMessage>>(options.restored.slice(0, options.max))
  let lastId = options.restored.reduce((highest, message) => Math.max(highest, Number(message.id) || 0), 0)
  let received = 0

  const keep = Effect.fnUntraced(function* (bytes: Uint8Array, envelope: Envelope) {
    const receivedAt = DateTime.formatIso(yield* DateTime.now)
    lastId += 1
    const message = yield* read(bytes, envelope, { id: String(lastId), receivedAt })
    yield* SubscriptionRef.update(messages, (all) => [message, ...all].slice(0, options.max))
    yield* options
      .onMessage(message, bytes)
      .pipe(
        Effect.onError(() => SubscriptionRef.update(messages, (all) => all.filter((other) => other.id !== message.id)))
      )
    received += 1
    return message
  })

  return {
    messages: SubscriptionRef.get(messages),
    clear: SubscriptionRef.set(messages, []),
    received: Effect.sync(() => received),
    awaitMessage: (predicate, timeout) =>
      awaitState(messages, (all) => all.find(predicate), timeout, "a mail that matches"),
    keep
  }
})
