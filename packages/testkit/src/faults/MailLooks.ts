/**
 * Watches the worker that sends verification mail: when the run that sends a mail began to read the mailbox for the
 * last time. A layer around all ports.
 *
 * A decline that was acknowledged before that must have kept the mail back. A read counts once the mail's budget was
 * granted: until then a run may still wait for hours.
 */
import { AccountId, CanonicalAddress, mailboxId } from "@countersign/core"
import { EventStore, MailBudget, Mailer } from "@countersign/engine"
import { Context, Effect, Layer } from "effect"

/** A mail at the moment when its sending begins. */
export interface Sending {
  readonly to: string
  readonly messageId: string
  /** When its run began to read the mailbox for the last time; `undefined` when it never did. */
  readonly looked: number | undefined
}

interface Run {
  readonly account: string
  readonly reads: Map<string, number>
}

/** `ports` watched. `now` counts upwards, by whatever clock those who compare it share. */
export const watchMail = <P, E, R>(
  ports: Layer.Layer<P | EventStore | MailBudget | Mailer, E, R>,
  now: () => number,
  note: (sending: Sending) => void
): Layer.Layer<P | EventStore | MailBudget | Mailer, E, R> =>
  Layer.effectContext(
    Effect.map(Layer.build(ports), (context) => {
      // By the fiber: all of a run is one.
      const runs = new Map<number, Run>()
      const store = Context.get(context, EventStore)
      const budget = Context.get(context, MailBudget)
      const mailer = Context.get(context, Mailer)
      return context.pipe(
        Context.add(MailBudget, {
          take: (request) =>
            Effect.flatMap(Effect.fiberId, (fiber) =>
              Effect.tap(budget.take(request), ({ _tag }) =>
                Effect.sync(() => {
                  if (_tag === "Granted") runs.set(fiber, { account: request.account, reads: new Map() })
                })
              )
            )
        }),
        Context.add(EventStore, {
          ...store,
          readStream: (stream, after, limit) =>
            Effect.flatMap(Effect.fiberId, (fiber) => {
              runs.get(fiber)?.reads.set(stream, now())
              return store.readStream(stream, after, limit)
            })
        }),
        Context.add(Mailer, {
          send: (message) =>
            Effect.flatMap(Effect.fiberId, (fiber) => {
              const { to, messageId } = message
              const run = runs.get(fiber)
              runs.delete(fiber)
              const mailbox = run && mailboxId(AccountId.make(run.account), CanonicalAddress.make(to))
              note({ to, messageId, looked: mailbox && run?.reads.get(mailbox) })
              return mailer.send(message)
            })
        })
      )
    })
  )
