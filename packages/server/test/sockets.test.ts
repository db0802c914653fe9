import type { TaskKind } from "@countersign/core"
import { type ListedSender, Senders, TaskQueue } from "@countersign/engine"
import { Effect, type Layer, Logger } from "effect"
import { expect, it } from "vitest"
import { sandbox } from "../src/Serve.ts"
import { DemoAccount } from "../src/sandbox/DemoAccount.ts"
import { nudgeProbes } from "../src/sandbox/ProbeNudge.ts"
import { openSandboxFolder } from "../src/sandbox/SandboxFolder.ts"
import { SandboxServers } from "../src/sandbox/SandboxServers.ts"
import { until } from "./Program.ts"

/** The composition of `serve --sandbox` in this process, with its handles. */
const composed = <A, E>(
  test: Effect.Effect<
    A,
    E,
    Senders | TaskQueue | DemoAccount | SandboxServers | Layer.Success<ReturnType<typeof sandbox>>
  >
) =>
  Effect.gen(function* () {
    const folder = yield* openSandboxFolder(undefined)
    const listen = { host: "127.0.0.1", port: 0, publicUrl: undefined }
    const config = {
      listen,
      folder: undefined,
      secrets: undefined,
      mailFrom: "no-reply@countersign.example",
      dkimZone: "dkim.countersign.example"
    }
    return yield* Effect.provide(test, sandbox(config, folder))
  }).pipe(Effect.scoped, Effect.provide(Logger.layer([])), Effect.runPromise)

const add = Effect.fnUntraced(function* (address: string) {
  const { account } = yield* DemoAccount
  const senders = yield* Senders
  const caller = { account: account.id, actor: "test", correlation: "test" }
  return (yield* senders.add({ ...caller, owner: { _tag: "Account" }, address })).sender
})

const wait = Effect.fnUntraced(function* <A, R>(what: string, find: Effect.Effect<A | undefined, unknown, R>) {
  const context = yield* Effect.context<R>()
  return yield* Effect.promise(() => until(what, () => Effect.runPromise(Effect.provideContext(find, context))))
})

const taskOf = Effect.fnUntraced(function* (kind: TaskKind) {
  const [task] = yield* (yield* TaskQueue).list({ kind, limit: 1 })
  return task
})

const statusOf = Effect.fnUntraced(function* ({ account, id: sender }: ListedSender) {
  return (yield* (yield* Senders).status({ account, id: sender })).status
})

it("mails through the SMTP socket and nothing else: closed, the mail waits", () =>
  composed(
    Effect.gen(function* () {
      const { smtp } = yield* SandboxServers
      yield* add("before@shop.example")
      yield* wait(
        "an acknowledged mail",
        Effect.map(smtp.counts, ({ mails }) => (mails > 0 ? true : undefined))
      )

      yield* smtp.close
      const sender = yield* add("after@shop.example")
      const refused = yield* wait(
        "a failed attempt to mail",
        Effect.map(taskOf("verification-mail"), (task) => ((task?.attempts ?? 0) > 0 ? task : undefined))
      )
      expect(refused.state).not.toBe("buried")
      expect((yield* smtp.messages).map(({ to }) => to)).toEqual([["before@shop.example"]])
      expect(yield* statusOf(sender)).toBe("pending")
    })
  ))

it("asks the DNS socket and nothing else: closed, published records prove nothing", () =>
  composed(
    Effect.gen(function* () {
      const { dns } = yield* SandboxServers
      const publish = Effect.fnUntraced(function* ({ plan }: ListedSender) {
        for (const { name, type, value } of plan.records) yield* dns.zone.put(name, type, value)
      })
      const proven = yield* add("ada@before.example")
      yield* publish(proven)
      yield* nudgeProbes("before.example")
      yield* wait(
        "a verified domain",
        Effect.map(statusOf(proven), (status) => (status === "domain-verified" ? true : undefined))
      )

      yield* dns.close
      const sender = yield* add("ada@after.example")
      yield* publish(sender)
      yield* nudgeProbes("after.example")
      const findings = yield* wait(
        "a probe without an answer",
        Effect.gen(function* () {
          const task = (yield* (yield* TaskQueue).list({ kind: "probe", limit: 10 })).find(({ key }) =>
            key?.includes("after.example")
          )
          const probed = task?.state === "waiting" && task.due > Date.now() + 1_000
          return probed
            ? (yield* (yield* Senders).status({ account: sender.account, id: sender.id })).findings
            : undefined
        })
      )
      expect(findings.filter(({ code }) => code !== "dns-unavailable")).toEqual([])
      expect(yield* statusOf(sender)).toBe("pending")
    })
  ))
