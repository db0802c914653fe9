/**
 * Sending: plans out of a directory of many senders, signatures beside nodemailer's own signer, and the relay beside a
 * bare smtp-server that signs and forwards. All of it in this process, the client and the mail server too, so what they
 * cost is in both figures of the relay.
 */
import type { KeyObject } from "node:crypto"
import { once } from "node:events"
import { join } from "node:path"
import { setImmediate as turn } from "node:timers/promises"
import {
  AccountId,
  installationAccount,
  KeyId,
  type KeyRingCommand,
  keyRingDecider,
  keyRingId
} from "@countersign/core"
import {
  Accounts,
  DkimTokens,
  Engine,
  Executor,
  KeysServed,
  SenderDirectory,
  type SendPlanRequest,
  SendPlans,
  Settings
} from "@countersign/engine"
import { Relay, type RelaySettings } from "@countersign/relay"
import {
  countersignSigning,
  KeyRingKeys,
  makeKeyPair,
  prepareMessage,
  readMessage,
  signMessage
} from "@countersign/signing"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Context, Effect, Layer, Option, Redacted, Result } from "effect"
import { createTransport, type Transporter } from "nodemailer"
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
    await fillStore(file, { ...sending, largest: sending.senders / 10 }, (done) => progress(`sending: ${done} senders`))
    const { privateKey } = await Effect.runPromise(makeKeyPair)
    const beside = async (workload: string, least: number, ours: Transporter, raw: Transporter, mail: object) => {
      progress(`sending: ${workload}`)
      const series = await alternate(
        { ours: mailing(ours, mail, sending.mails), raw: mailing(raw, mail, sending.mails) },
        rounds
      )
      const times = ratio(series.ours, series.raw)
      const [measured, bare] = [perSecond(series.ours), perSecond(series.raw)]
      return { workload, ours: measured, raw: bare, ratio: times, aims: [atLeast(times, least, `>= ${least} of that`)] }
    }
    return Effect.gen(function* () {
      yield* seeKey
      const questions = yield* askEveryAccount(sending.accounts)
      progress(`sending: ${questions.length} active senders are known`)
      const plans = yield* SendPlans
      const { ours } = yield* Effect.promise(() =>
        alternate({ ours: planning(plans, questions, sending.plans) }, rounds)
      )

      const { account, from = "", organization } = questions[0] ?? { account: large.account }
      const domain = from.slice(from.indexOf("@") + 1)
      const mail = { from, to: "bob@example.org", subject: "Invoice", text: "Your invoice is attached.\n".repeat(80) }
      const dkim = { domainName: domain, keySelector: "k1", privateKey: pem(privateKey) }
      const stream = { streamTransport: true, buffer: true, newline: "windows" } as const
      const signing = createTransport(stream)
      const sign = (raw: Uint8Array) => {
        const message = Result.getOrThrow(readMessage(raw, { allowTestNames: true }))
        const at = Date.now()
        return Effect.runPromise(
          signMessage(prepareMessage(message, { domain, at, id: "1" }), { domain, selector: "k1", privateKey, at })
        )
      }
      signing.use(
        "stream",
        countersignSigning(sign, () => undefined)
      )

      const sink = yield* serve(() => Promise.resolve())
      const upstream = createTransport({ ...pool(sink), dkim })
      const bare = yield* serve((raw) => upstream.sendMail({ envelope: { from, to: mail.to }, raw }))
      const { port } = Context.get(yield* Layer.build(relayTo(sink, account, privateKey)), Relay)
      const auth = { user: organization ?? account, pass: "key" }
      const [toRelay, toBare] = [createTransport({ ...pool(port), auth }), createTransport(pool(bare))]
      const planned: Figure = {
        workload: `send plans, ${sending.senders.toLocaleString("en")} senders in the directory`,
        ours: perSecond(ours),
        aims: [atLeast(ours.rate, 200_000, ">= 200,000 a second"), below(ours.p99, 0.05, "p99 < 50 µs")]
      }
      const figures = yield* Effect.promise(async () => [
        planned,
        await beside(
          "mails signed, beside nodemailer's own signer",
          0.9,
          signing,
          createTransport({ ...stream, dkim }),
          mail
        ),
        await beside("mails relayed, beside a bare smtp-server that signs and forwards", 0.7, toRelay, toBare, mail)
      ])
      for (const transport of [toRelay, toBare, upstream]) transport.close()
      return figures
    }).pipe(Effect.scoped, Effect.provide(product(file)), Effect.runPromise)
  }
}

const pem = (key: KeyObject): string => String(key.export({ type: "pkcs8", format: "pem" }))

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
  const { execute } = yield* Executor
  const request = { account: installationAccount, actor: "benchmark", correlation: "benchmark" }
  const decide = (command: KeyRingCommand) => execute(request, (tx) => tx.decide(keyRingDecider, keyRingId, command))
  yield* decide({ ...key, _tag: "GenerateKey", publicKey: "MIG" })
  yield* decide({ ...key, _tag: "RecordKeySeen", keptFor: 0, evidence: [] })
})

/** Every account sends once, so that all senders are in memory; answers those that are active. */
const askEveryAccount = Effect.fnUntraced(function* (accounts: number) {
  const [plans, directory] = [yield* SendPlans, yield* SenderDirectory]
  const filter = { kind: "email", statuses: ["active"], order: "oldest-first", offset: 0, limit: 200_000 } as const
  const perAccount = Array.from({ length: accounts }, (_, number) =>
    number === 0 ? large.account : AccountId.make(`account-${number - 1}`)
  )
  const found = yield* Effect.forEach(perAccount, (account) =>
    Effect.andThen(plans.plan({ account }), directory.page({ account, ...filter }))
  )
  return found.flat().map(({ account, address, owner }): SendPlanRequest & { readonly from: string } => {
    return { account, from: address, organization: owner._tag === "Organization" ? owner.organization : undefined }
  })
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
  (transport: Transporter, mail: object, count: number): Contender =>
  async () => {
    const latencies: Array<number> = []
    let left = count
    const work = async () => {
      while (left-- > 0) {
        const since = performance.now()
        await transport.sendMail(mail)
        latencies.push(performance.now() - since)
      }
    }
    const began = performance.now()
    await Promise.all(Array.from({ length: together }, work))
    return { operations: count, seconds: (performance.now() - began) / 1_000, latencies: Float64Array.from(latencies) }
  }

const pool = (port: number) =>
  ({ pool: true, host, port, maxConnections: together, maxMessages: 1e9, ignoreTLS: true }) as const

/** An smtp-server that does this with every mail. */
const serve = (take: (raw: Buffer) => Promise<unknown>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = new SMTPServer({
        disabledCommands: ["STARTTLS", "AUTH"],
        disableReverseLookup: true,
        onData: (stream, _, done) =>
          void stream
            .toArray()
            .then((all) => take(Buffer.concat(all)))
            .then(() => done(), done)
      })
      await once(server.listen(0, host), "listening")
      return server
    }),
    (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  ).pipe(Effect.map(({ server }) => Number(Object(server.address()).port)))

/** The relay over the senders of the store, and one account whose access key is always right. */
const relayTo = (port: number, account: AccountId, privateKey: KeyObject) => {
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
  const keys = KeyRingKeys.of({ privateKey: () => Effect.succeed(Redacted.make(privateKey)) })
  return Relay.layer(settings).pipe(
    Layer.provide(Layer.succeed(KeyRingKeys, keys)),
    Layer.provide(Layer.merge(Layer.succeed(Accounts, accounts), Layer.succeed(KeysServed, true)))
  )
}
