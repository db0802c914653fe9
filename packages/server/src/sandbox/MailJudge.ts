/**
 * What a receiver says of a mail: DKIM, DMARC and SPF, looked up in the sandbox's DNS. `mailauth` judges, so that we
 * do not judge ourselves. It is loaded at the first mail, because it takes some 40 MB, and only where it is installed.
 */
import { Resolver } from "node:dns/promises"
import type { ReceivedMessage } from "@countersign/sandbox"
import { Effect, Fiber } from "effect"

/** Words of RFC 8601, such as `pass`, `fail` and `none`. */
export interface Authentication {
  readonly dkim: string
  readonly dmarc: string
  readonly spf: string
}

/** @param dns `host:port` of the server that is asked */
export const makeMailJudge = Effect.fn("makeMailJudge")(function* (dns: string) {
  const scope = yield* Effect.scope
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  resolver.setServers([dns])
  const verdicts = new WeakMap<ReceivedMessage, Fiber.Fiber<Authentication | null>>()

  const authenticate = async (octets: Uint8Array, sender: string): Promise<Authentication | null> => {
    const mailauth = await import("mailauth").catch(absent)
    if (mailauth === null) return null
    const { dkim, dmarc, spf } = await mailauth.authenticate(Buffer.from(octets), {
      ...{ ip: "127.0.0.1", helo: "localhost", mta: "sandbox.invalid", sender, disableArc: true, disableBimi: true },
      // It wants what node:dns answers; its type says less, only lists of strings.
      resolver: async (name, type) => (await resolver.resolve(name, type)) as Array<string>
    })
    const signatures = dkim.results.map(({ status }) => status.result)
    return {
      dkim: signatures.find((result) => result === "pass") ?? signatures[0] ?? "none",
      dmarc: dmarc === false ? "none" : dmarc.status.result,
      spf: spf === false ? "none" : spf.status.result
    }
  }

  /** Begins to judge a mail, at its arrival: later the DNS may say something else. */
  const begin = (message: ReceivedMessage, octets: Uint8Array) =>
    Effect.tryPromise(() => authenticate(octets, message.from)).pipe(
      Effect.catch((error) => Effect.as(Effect.logWarning("A mail could not be judged", error.cause), null)),
      Effect.forkIn(scope),
      Effect.tap((verdict) => Effect.sync(() => verdicts.set(message, verdict)))
    )

  /** The verdict. A mail of an earlier life of the sandbox is judged now. */
  const verdict = (message: ReceivedMessage) =>
    Effect.suspend(() => {
      const known = verdicts.get(message)
      return known === undefined ? begin(message, Buffer.from(message.raw)) : Effect.succeed(known)
    }).pipe(Effect.flatMap(Fiber.join))

  return { begin, verdict } as const
})

/** Not installed. */
const absent = (cause: unknown): null => {
  if (cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND") return null
  throw cause
}
