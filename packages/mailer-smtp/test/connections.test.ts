import { Mailer } from "@countersign/engine"
import { type SmtpFault, SmtpSink, type SmtpSinkHandle } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Redacted, Schedule, Scope } from "effect"
import { TestClock } from "effect/testing"
import { hasty, message, refusal, send } from "./Attempt.ts"
import { dialogue, rawServer } from "./RawServer.ts"
import { mailerFor } from "./SinkWorld.ts"

/** Waits until the sink has so many open connections. */
const awaitOpen = (sink: SmtpSinkHandle, count: number) =>
  sink.counts.pipe(
    Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: ({ open }) => open === count }),
    Effect.timeout("10 seconds")
  )

const transient = { _tag: "MailRefused", permanent: false }

describe("a connection that breaks is a refusal for now", () => {
  const breaks: ReadonlyArray<SmtpFault> = [
    { at: "CONNECT", kind: "drop" },
    { at: "MAIL", kind: "drop" },
    { at: "RCPT", kind: "drop" },
    { at: "DATA", kind: "drop" },
    { at: "DATA", kind: "drop", kept: true }
  ]
  it.live.each(breaks)("dropped: %o", (fault) =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults(fault)
      yield* Effect.gen(function* () {
        expect(yield* refusal()).toMatchObject(transient)
        yield* sink.setFaults(undefined)
        yield* send()
      }).pipe(Effect.provide(mailerFor(sink)))
      const ids = (yield* sink.messages).map(({ messageId }) => messageId)
      expect(new Set(ids)).toEqual(new Set([message.messageId]))
      // When the mail was taken and the answer lost, the next attempt carries the same Message-ID.
      expect(ids.length).toBe(fault.kind === "drop" && fault.kept === true ? 2 : 1)
    })
  )

  it.live("in the middle of the message", () =>
    Effect.gen(function* () {
      const server = yield* rawServer(
        dialogue({
          DATA: (socket) => {
            socket.removeAllListeners("data")
            socket.write("354 go\r\n")
            socket.once("data", () => socket.resetAndDestroy())
          }
        })
      )
      const layer = mailerFor(server)
      expect(yield* Effect.provide(refusal({ text: "x".repeat(2_000_000) }), layer)).toMatchObject(transient)
    })
  )

  it.live("refused by a closed port", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.close
      const refused = yield* Effect.provide(refusal(), mailerFor(sink))
      expect(refused).toMatchObject(transient)
      expect(refused.reason).toContain("ECONNREFUSED")
    })
  )

  it.live("to a host whose name cannot be looked up", () =>
    Effect.gen(function* () {
      const url = Redacted.make(`smtp://${"x".repeat(63)}.${"y.".repeat(90)}invalid:25`)
      const refused = yield* Effect.provide(refusal(), mailerFor({ address: "" }, { url, timeouts: hasty }))
      expect(refused).toMatchObject(transient)
    })
  )
})

describe("a server that says nothing is a refusal for now, in time", () => {
  it.live.each(["CONNECT", "AUTH", "MAIL", "RCPT", "DATA"] as const)("silent at %s", (at) =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at, kind: "silent" })
      const url = Redacted.make(`smtp://user:pass@${sink.address}`)
      yield* Effect.gen(function* () {
        expect(yield* refusal()).toMatchObject(transient)
        yield* sink.setFaults(undefined)
      }).pipe(Effect.provide(mailerFor(sink, { url, timeouts: hasty })))
    })
  )

  it.live("one that always goes on talking is cut off by the limit of the send", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((socket) => {
        const talk = setInterval(() => socket.write("220-please wait\r\n"), 20)
        socket.on("close", () => clearInterval(talk))
      })
      const timeouts = { connection: "1 hour", greeting: "1 hour", silence: "1 hour", send: "300 millis" } as const
      const refused = yield* Effect.provide(refusal(), mailerFor(server, { timeouts }))
      expect(refused).toMatchObject({ ...transient, reason: "the mail server did not take the mail within 300ms" })
    })
  )

  it.live("one that answers late, but in time, gets the mail", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const stages = ["CONNECT", "MAIL", "RCPT", "DATA"] as const
      yield* sink.setFaults(stages.map((at) => ({ at, kind: "slow", wait: "50 millis" }) as const))
      yield* Effect.provide(send(), mailerFor(sink))
      expect((yield* sink.counts).mails).toBe(1)
    })
  )
})

describe("a server that dies and comes back", () => {
  it.live("gets the mail after that, over the same mailer", () =>
    Effect.gen(function* () {
      const first = yield* SmtpSink.make()
      yield* Effect.gen(function* () {
        yield* send()
        yield* first.close
        expect(yield* refusal()).toMatchObject(transient)
        const second = yield* SmtpSink.make({ port: first.port })
        yield* send()
        expect((yield* second.messages).map(({ messageId }) => messageId)).toEqual([message.messageId])
      }).pipe(Effect.provide(mailerFor(first)))
    })
  )

  it.live("while a connection was idle costs no attempt", () =>
    Effect.gen(function* () {
      const first = yield* SmtpSink.make()
      yield* Effect.gen(function* () {
        yield* send()
        yield* first.close
        const second = yield* SmtpSink.make({ port: first.port })
        yield* send()
        expect((yield* second.counts).mails).toBe(1)
      }).pipe(Effect.provide(mailerFor(first)))
    })
  )
})

describe("the pool", () => {
  it.live("keeps to its number of connections, and uses each again", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at: "DATA", kind: "slow" })
      yield* Effect.gen(function* () {
        const sends = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 12 }), () => send(), { concurrency: "unbounded" })
        )
        yield* sink.awaitHeld(3, "10 seconds")
        expect((yield* sink.counts).open).toBe(3)
        yield* sink.setFaults(undefined)
        yield* sink.release
        yield* Fiber.join(sends)
      }).pipe(Effect.provide(mailerFor(sink)))
      expect(yield* sink.counts).toMatchObject({ connections: 3, mails: 12 })
    })
  )

  it.live("has as many connections as it is told, each for so many mails", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* Effect.gen(function* () {
        for (let mail = 0; mail < 5; mail++) yield* send()
      }).pipe(Effect.provide(mailerFor(sink, { connections: 1, mailsPerConnection: 2 })))
      expect(yield* sink.counts).toMatchObject({ connections: 3, mails: 5 })
    })
  )

  it.live("goes on over the same connection after a refusal of one message", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* Effect.gen(function* () {
        for (const at of ["MAIL", "RCPT", "DATA"] as const) {
          yield* sink.setFaults({ at, kind: "reply", code: 550, text: "no", times: 1 })
          yield* refusal()
        }
        yield* send()
      }).pipe(Effect.provide(mailerFor(sink, { connections: 1 })))
      expect(yield* sink.counts).toMatchObject({ connections: 1, mails: 1 })
    })
  )

  it.effect("time spent waiting for a free connection is not counted", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at: "DATA", kind: "slow", times: 1 })
      yield* Effect.gen(function* () {
        const stuck = yield* Effect.forkChild(Effect.flip(send()))
        yield* sink.awaitHeld(1, "1 hour")
        const waiting = yield* Effect.forkChild(send(), { startImmediately: true })
        yield* TestClock.adjust("30 seconds")
        expect(yield* Fiber.join(stuck)).toMatchObject({ reason: "the mail server did not take the mail within 30s" })
        yield* Fiber.join(waiting)
      }).pipe(Effect.provide(mailerFor(sink, { connections: 1 })))
    })
  )

  it.live("is closed with the layer, a connection with mail on it included", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const scope = yield* Scope.make()
      const mailer = Context.get(yield* Layer.buildWithScope(mailerFor(sink), scope), Mailer)
      yield* sink.setFaults({ at: "DATA", kind: "slow" })
      const held = yield* Effect.forkChild(Effect.flip(mailer.send(message)))
      yield* sink.awaitHeld(1, "10 seconds")
      yield* Scope.close(scope, Exit.void)
      expect(yield* Fiber.join(held)).toMatchObject(transient)
      yield* awaitOpen(sink, 0)
      expect(yield* Effect.flip(mailer.send(message))).toMatchObject(transient)
      expect((yield* sink.counts).connections).toBe(1)
    })
  )

  it.live("an interrupted send closes its connection and leaves the others alone", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at: "DATA", kind: "slow" })
      yield* Effect.gen(function* () {
        const [doomed, spared] = [yield* Effect.forkChild(send()), yield* Effect.forkChild(send())]
        yield* sink.awaitHeld(2, "10 seconds")
        yield* Fiber.interrupt(doomed)
        yield* awaitOpen(sink, 1)
        yield* sink.setFaults(undefined)
        yield* sink.release
        yield* Fiber.join(spared)
        yield* send()
      }).pipe(Effect.provide(mailerFor(sink)))
    })
  )
})
