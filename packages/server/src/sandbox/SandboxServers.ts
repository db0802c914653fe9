/**
 * The world of the sandbox: an SMTP server that keeps every mail, and a DNS server whose zone anybody on this machine
 * may change. Both are real servers on loopback sockets; what they know goes to the sandbox's folder before they say
 * so.
 */
import {
  DnsServer,
  type DnsServerHandle,
  type ReceivedMessage,
  SmtpSink,
  type SmtpSinkHandle
} from "@countersign/sandbox"
import { Context, Effect, Layer, Semaphore } from "effect"
import { withPolicies } from "./DemoDomains.ts"
import { type Authentication, makeMailJudge } from "./MailJudge.ts"
import { type SandboxFolder, SandboxFolderProblem } from "./SandboxFolder.ts"

export class SandboxServers extends Context.Service<
  SandboxServers,
  {
    readonly smtp: SmtpSinkHandle
    readonly dns: DnsServerHandle
    /** What a receiver says of a mail; `null` where nobody who can judge is installed. */
    readonly authentication: (message: ReceivedMessage) => Effect.Effect<Authentication | null>
    /** Changes the zone and stores it; a change that cannot be stored is undone. */
    readonly changeZone: <A, E>(change: Effect.Effect<A, E>) => Effect.Effect<A, E | SandboxFolderProblem>
  }
>()("countersign/SandboxServers") {
  static readonly layer = (folder: SandboxFolder) => Layer.effect(SandboxServers, make(folder))
}

const make = Effect.fn("SandboxServers.make")(function* (folder: SandboxFolder) {
  const messages = yield* folder.inbox
  const records = yield* folder.zone
  const dns = yield* DnsServer.make({ records: withPolicies(records) }).pipe(Effect.mapError(cannotStart))
  const judge = yield* makeMailJudge(dns.address)
  const smtp = yield* SmtpSink.make({
    messages,
    // A mail that cannot be kept is answered 451, and sent again later.
    onMessage: (message, octets) =>
      Effect.andThen(Effect.orDie(folder.appendMessage(message)), judge.begin(message, octets))
  }).pipe(Effect.mapError(cannotStart))
  const oneAtATime = yield* Semaphore.make(1)
  const changeZone = Effect.fnUntraced(function* <A, E>(change: Effect.Effect<A, E>) {
    const before = yield* dns.zone.list
    const answer = yield* change
    yield* Effect.onError(folder.saveZone(yield* dns.zone.list), () => Effect.orDie(dns.zone.restore(before)))
    return answer
  })
  return SandboxServers.of({
    smtp,
    dns,
    authentication: judge.verdict,
    changeZone: (change) => oneAtATime.withPermits(1)(changeZone(change))
  })
})

const cannotStart = (cause: { readonly message: string }) =>
  new SandboxFolderProblem({ message: `The sandbox cannot start: ${cause.message}`, cause })
