/**
 * A mailer that delivers into an array, for tests and embedding. Refusals are scripted: they are used up, one per
 * attempt, before anything is accepted again.
 */
import { Mailer, type MailMessage, type MailRefused } from "@countersign/engine"
import { Context, Effect, Layer } from "effect"

/** The messages that the mailer took, for tests to look at. */
export class MemoryMailer extends Context.Service<
  MemoryMailer,
  {
    /** Accepted messages, the oldest first. */
    readonly accepted: Effect.Effect<ReadonlyArray<MailMessage>>
    /** The next attempts are refused in these ways, one each. */
    readonly refuseNext: (...refusals: ReadonlyArray<MailRefused>) => Effect.Effect<void>
  }
>()("countersign/memory/MemoryMailer") {
  static readonly layer: Layer.Layer<MemoryMailer | Mailer> = Layer.effectContext(
    Effect.sync(() => {
      const accepted: Array<MailMessage> = []
      const refusals: Array<MailRefused> = []
      return Context.empty().pipe(
        Context.add(MemoryMailer, {
          accepted: Effect.sync(() => [...accepted]),
          refuseNext: (...more) => Effect.sync(() => void refusals.push(...more))
        }),
        Context.add(Mailer, {
          send: (message) =>
            Effect.suspend(() => {
              const refusal = refusals.shift()
              if (refusal !== undefined) return Effect.fail(refusal)
              accepted.push(message)
              return Effect.void
            })
        })
      )
    })
  )
}
