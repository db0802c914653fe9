/** An SMTP client of the tests that says exactly what it is told, and reads whole replies. */
import { connect, type Socket } from "node:net"
import { Effect } from "effect"

export interface RawClient {
  /** The next reply, or `closed`. */
  readonly reply: Effect.Effect<string>
  /** Sends a line and reads the reply. */
  readonly say: (line: string) => Effect.Effect<string>
  readonly write: (bytes: string | Uint8Array) => Effect.Effect<void>
  readonly hangUp: Effect.Effect<void>
}

const wholeReply = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/

const over = (socket: Socket): RawClient => {
  let received = ""
  let ended = false
  let deliver: ((text: string) => void) | undefined
  const turn = () => {
    const whole = wholeReply.exec(received)?.[0]
    if (deliver === undefined || (whole === undefined && !ended)) return
    received = received.slice(whole?.length ?? 0)
    const give = deliver
    deliver = undefined
    give(whole?.trimEnd() ?? "closed")
  }
  socket.setEncoding("utf8").on("data", (text: string) => {
    received += text
    turn()
  })
  socket
    .on("error", () => undefined)
    .on("close", () => {
      ended = true
      turn()
    })
  const reply = Effect.callback<string>((resume) => {
    deliver = (text) => resume(Effect.succeed(text))
    turn()
  })
  const write = (bytes: string | Uint8Array) => Effect.sync(() => void socket.write(bytes))
  return {
    reply,
    write,
    say: (line) => Effect.andThen(write(`${line}\r\n`), reply),
    hangUp: Effect.sync(() => socket.destroy())
  }
}

/** Connects and reads the greeting. */
export const dial = (port: number) =>
  Effect.gen(function* () {
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => connect(port, "127.0.0.1")),
      (open) => Effect.sync(() => open.destroy())
    )
    const client = over(socket)
    return { ...client, greeting: yield* client.reply }
  })

export const plain = (user: string, key: string) => `AUTH PLAIN ${Buffer.from(`\0${user}\0${key}`).toString("base64")}`

/** A client that is known. */
export const dialKnown = (port: number, user = "acc", key = "key-1") =>
  Effect.gen(function* () {
    const client = yield* dial(port)
    yield* client.say("EHLO client.example")
    yield* client.say(plain(user, key))
    return client
  })

export const aMessage =
  "From: Anna <anna@customer.example>\r\nSubject: s\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"

/** All of a transaction: the replies to MAIL, each RCPT, DATA and the last dot, as far as it goes. */
export const submit = Effect.fnUntraced(function* (
  client: RawClient,
  recipients: ReadonlyArray<string> = ["bob@example.org"],
  message: string | Uint8Array = aMessage,
  mail = "MAIL FROM:<anna@customer.example>"
) {
  const replies = [yield* client.say(mail)]
  for (const to of recipients) replies.push(yield* client.say(`RCPT TO:<${to}>`))
  const go = yield* client.say("DATA")
  replies.push(go)
  if (!go.startsWith("354")) return replies
  yield* client.write(message)
  replies.push(yield* client.say("."))
  return replies
})
