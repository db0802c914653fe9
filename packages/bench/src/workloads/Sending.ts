/**
 * Sending: plans out of a directory of many senders, signatures beside nodemailer's own signer, and the relay beside a
 * bare smtp-server that signs and forwards. All of it in this process, the client and the mail server too, so what they
 * cost is in both figures of the relay.
 */
import { join } from "node:path"
import { setImmediate as turn } from "node:timers/promises"
import { AccountId, installationAccount, KeyId, keyRingDecider, keyRingId } from "@countersign/core"
import {
  Accounts,
  DkimTokens,
  Engine,
  Executor,
  SenderDirectory,
  type SendPlanRequest,
  SendPlans,
  Settings
} from "@countersign/engine"
import { Relay, type RelaySettings, Signer } from "@countersign/relay"
import { countersignSigning, makeKeyPair, prepareMessage, readMessage, signMessage } from "@countersign/signing"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Context, Effect, Layer, Option, Redacted, Result } from "effect"
import { createTransport } from "nodemailer"
import { SMTPServer } from "smtp-server"
import { atLeast, below, type Figure } from "../Figure.ts"
import { fillStore, large } from "../lists/ManySenders.ts"
import { alternate, type Contender, perSecond, ratio } from "../Measure.ts"
import type { Workload } from "../Workload.ts"

/** Mails that are on their way at once. */
const together = 4
const host = "127.0.0.1"

export const sending: Workload = {
  name: "sending",
  onRequest: true,
  run: async ({ folder, progress, scale: { rounds, sending } }) => {
    const file = join(folder, "sending.db")
    await fillStore(file, { ...sending, largest: sending.senders / 10 }, (done) =>
      progress(`sending: ${done} of ${sending.senders} senders`)
    )
    const { privateKey } = await Effect.runPromise(makeKeyPair)
    return Effect.gen(function* () {
      yield* seeKey
      const questions = yield* askEveryAccount(sending.accounts)
      progress(`sending: ${questions.length} active senders are known`)
      const plans = yield* SendPlans
      const { ours } = yield* Effect.promise(() =>
        alternate({ ours: planning(plans, questions, sending.plans) }, rounds)
      )
      const [own] = questions
      if (own?.from === undefined) return yield* Effect.die("no sender is active")
      const mail = mailFrom(own.from)
      const keys = { domain: own.from.slice(own.from.indexOf("@") + 1), selector: "k1", privateKey }

      progress("sending: signatures")
      const dkim = {
        domainName: keys.domain,
        keySelector: "k1",
        privateKey: String(privateKey.export({ type: "pkcs8", format: "pem" }))
      }
      const stream = { streamTransport: true, buffer: true, newline: "windows" } as const
      const signing = createTransport(stream)
      const sign = (raw: Uint8Array) => {
        const message = prepareMessage(Result.getOrThrow(readMessage(raw, { allowTestNames: true })), {
          domain: keys.domain,
          at: Date.now(),
          id: "1"
        })
        return Effect.runPromise(signMessage(message, { ...keys, at: Date.now() }))
      }
      signing.use(
        "stream",
        countersignSigning(sign, () => undefined)
      )
      const theirs = createTransport({ ...stream, dkim })
      const signed = yield* Effect.promise(() =>
        alternate(
          {
            ours: mailing(() => signing.sendMail(mail), sending.mails),
            raw: mailing(() => theirs.sendMail(mail), sending.mails)
          },
          rounds
        )
      )

      progress("sending: the relay")
      const sink = yield* serve(() => Promise.resolve())
      const upstream = createTransport({ ...pool(sink), dkim })
      const bare = yield* serve((raw) => upstream.sendMail({ envelope: { from: own.from, to: mail.to }, raw }))
      const { port } = Context.get(yield* Layer.build(relayTo(sink, own.account, privateKey)), Relay)
      const auth = { user: own.organization ?? own.account, pass: "key" }
      const [toRelay, toBare] = [createTransport({ ...pool(port), auth }), createTransport(pool(bare))]
      const relayed = yield* Effect.promise(() =>
        alternate(
          {
            ours: mailing(() => toRelay.sendMail(mail), sending.mails),
            raw: mailing(() => toBare.sendMail(mail), sending.mails)
          },
          rounds
        )
      )
      for (const transport of [toRelay, toBare, upstream]) transport.close()
      const [signRatio, relayRatio] = [ratio(signed.ours, signed.raw), ratio(relayed.ours, relayed.raw)]
      return [
        {
          workload: `send plans, ${sending.senders.toLocaleString("en")} senders in the directory`,
          ours: perSecond(ours),
          aims: [atLeast(ours.rate, 200_000, ">= 200,000 a second"), below(ours.p99, 0.05, "p99 < 50 µs")]
        },
        {
          workload: `mails signed, ${together} at once (beside nodemailer's own signer, composing included)`,
          ...{ ours: perSecond(signed.ours), raw: perSecond(signed.raw), ratio: signRatio },
          aims: [atLeast(signRatio, 0.9, ">= 0.9 of nodemailer's")]
        },
        {
          workload: `mails relayed over ${together} connections (beside a bare smtp-server that signs and forwards)`,
          ...{ ours: perSecond(relayed.ours), raw: perSecond(relayed.raw), ratio: relayRatio },
          aims: [atLeast(relayRatio, 0.7, ">= 0.7 of the bare one")]
        }
      ] satisfies ReadonlyArray<Figure>
    }).pipe(Effect.scoped, Effect.provide(product(file)), Effect.runPromise)
  }
}

const product = (file: string) =>
  Engine.layer.pipe(
    Layer.provideMerge(Layer.provideMerge(DkimTokens.layer("dkim.countersign.net"), SqliteStorage.layer({ file }))),
    Layer.provideMerge(
      Settings.layer({
        publicUrl: "http://127.0.0.1",
        secret: Redacted.make("a secret that the benchmarks need not keep"),
        allowTestNames: true
      })
    )
  )

/** The key of the first slot is published, and signs. */
const seeKey = Effect.gen(function* () {
  const key = { at: Date.now(), slot: 1, keyId: KeyId.make("key-1") } as const
  const request = { account: installationAccount, actor: "benchmark", correlation: "benchmark" }
  const decide = (yield* Executor).execute
  yield* decide(request, (tx) =>
    tx.decide(keyRingDecider, keyRingId, { ...key, _tag: "GenerateKey", publicKey: "MIG" })
  )
  yield* decide(request, (tx) =>
    tx.decide(keyRingDecider, keyRingId, { ...key, _tag: "RecordKeySeen", keptFor: 0, evidence: [] })
  )
})

/** Every account sends once, so that all senders are in memory; answers the active ones, scattered. */
const askEveryAccount = Effect.fnUntraced(function* (accounts: number) {
  const [plans, directory] = [yield* SendPlans, yield* SenderDirectory]
  const questions: Array<SendPlanRequest> = []
  for (let number = -1; number < accounts - 1; number++) {
    const account = number < 0 ? large.account : AccountId.make(`account-${number}`)
    yield* plans.plan({ account })
    const all = {
      account,
      kind: "email",
      statuses: ["active"],
      order: "oldest-first",
      offset: 0,
      limit: 200_000
    } as const
    for (const { address, owner } of yield* directory.page(all))
      questions.push({
        account,
        from: address,
        organization: owner._tag === "Organization" ? owner.organization : undefined
      })
  }
  return questions.sort((a, b) => (a.from?.slice(3) ?? "").localeCompare(b.from?.slice(3) ?? ""))
})

/** The event loop gets its turn between batches: the log is looked at meanwhile. */
const planning =
  ({ plan, planNow }: SendPlans["Service"], questions: ReadonlyArray<SendPlanRequest>, count: number): Contender =>
  async () => {
    const latencies: Array<number> = []
    for (const question of questions.slice(0, count)) {
      if (latencies.length % 5_000 === 0) await turn()
      const since = performance.now()
      const answer = planNow(question)
      const took = performance.now() - since
      if ((answer ?? (await Effect.runPromise(plan(question)))).reason !== "active") throw new Error("it is not active")
      if (answer !== undefined) latencies.push(took)
    }
    const millis = latencies.reduce((sum, each) => sum + each, 0)
    return { operations: latencies.length, seconds: millis / 1_000, latencies: Float64Array.from(latencies) }
  }

const mailing =
  (send: () => Promise<unknown>, count: number): Contender =>
  async () => {
    const latencies: Array<number> = []
    let left = count
    const work = async () => {
      while (left-- > 0) {
        const since = performance.now()
        await send()
        latencies.push(performance.now() - since)
      }
    }
    const began = performance.now()
    await Promise.all(Array.from({ length: together }, work))
    return { operations: count, seconds: (performance.now() - began) / 1_000, latencies: Float64Array.from(latencies) }
  }

const mailFrom = (from: string) => ({
  ...{ from, to: "bob@example.org", subject: "Invoice 2026-11" },
  text: "Your invoice is attached.\n".repeat(40),
  html: "<p>Your invoice is attached.</p>\n".repeat(40)
})

const pool = (port: number) =>
  ({ pool: true, host, port, maxConnections: together, maxMessages: 1e9, ignoreTLS: true }) as const

/** An smtp-server that takes every mail. */
const serve = (take: (raw: Buffer) => Promise<unknown>) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: SMTPServer; readonly port: number }>((resume) => {
      const server = new SMTPServer({
        ...{ authOptional: true, disableReverseLookup: true, disabledCommands: ["STARTTLS", "AUTH"] },
        onData: (stream, _session, callback) => {
          stream
            .toArray()
            .then((chunks) => take(Buffer.concat(chunks)))
            .then(() => callback(), callback)
        }
      })
      server.listen(0, host, () => {
        const address = server.server.address()
        resume(Effect.succeed({ server, port: typeof address === "object" && address !== null ? address.port : 0 }))
      })
    }),
    ({ server }) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  ).pipe(Effect.map(({ port }) => port))

/** The relay over the senders of the store, and one account whose access key is always right. */
const relayTo = (port: number, account: AccountId, privateKey: Parameters<typeof signMessage>[1]["privateKey"]) => {
  const settings: RelaySettings = {
    ...{ host, port: 0, certificate: undefined, bounce: "bounce@platform.example", fallback: "refuse", unsigned: [] },
    upstream: { host, port, encryption: "none", verify: true, credentials: undefined, name: "relay.example" },
    ...{ maxBytes: 1e6, limits: { connections: together, messagesPerMinute: 1e9 } }
  }
  const accounts = Accounts.of({
    authenticate: () => Effect.succeed(Option.some({ account: { id: account, email: "", name: "" }, key: "" })),
    account: () => Effect.succeed(Option.none()),
    organization: (of, id) => Effect.succeed(Option.some({ id, account: of, name: "" }))
  })
  const signer = Signer.of({
    sign: (message, { domain, selector }) => signMessage(message, { domain, selector, privateKey, at: Date.now() })
  })
  return Relay.layer(settings).pipe(
    Layer.provide(Layer.merge(Layer.succeed(Accounts, accounts), Layer.succeed(Signer, signer)))
  )
}
