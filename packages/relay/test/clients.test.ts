/** Programs of other people that send through the relay: what they get to know, and that their mail arrives. */
import { execFile, spawnSync } from "node:child_process"
import { SmtpSink, type SmtpSinkHandle } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { send } from "./Nodemailer.ts"
import { hasPostfix, startPostfix } from "./Postfix.ts"
import { dial, submit } from "./RawClient.ts"
import { signatureOf, startRelay } from "./RelayWorld.ts"

const quiet = Effect.provide(Logger.layer([]))
const has = (program: string, ...args: ReadonlyArray<string>) => spawnSync(program, args).status === 0
const wherePresent = (program: string, present: boolean, tests: () => void) => {
  if (present) describe(program, tests)
  else it.todo(`NOT TESTED: ${program} is not on this machine`)
}

const runs = (program: string, ...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly failed: boolean; readonly said: string }>((resume) => {
    execFile(program, args, (error, stdout, stderr) =>
      resume(Effect.succeed({ failed: error !== null, said: `${stdout}${stderr}` }))
    )
  })

/** The mail server knows no Carol. */
const withoutCarol = Effect.fnUntraced(function* () {
  const sink = yield* SmtpSink.make()
  const carol = {
    at: "RCPT",
    kind: "reply",
    code: 550,
    text: "5.1.1 no Carol here",
    recipient: "carol@example.org"
  } as const
  yield* sink.setFaults(carol)
  return { sink, relay: yield* startRelay(sink.port) }
})

const arrived = (sink: SmtpSinkHandle) =>
  Effect.map(sink.messages, (all) => all.map(({ to, subject, text }) => [to, subject, text.trimEnd()]))

describe("nodemailer", () => {
  it.live("is told who was refused, and how", () =>
    Effect.gen(function* () {
      const { sink, relay } = yield* withoutCarol()
      const auth = { user: "acc", pass: "key-1" }
      const mail = { to: "bob@example.org, carol@example.org", subject: "čšž", text: ".\n..dots €" }
      const { rejectedErrors = [], response } = yield* send(relay.port, mail, { auth })
      expect(rejectedErrors.map((error) => error.response)).toEqual(["550 5.1.1 no Carol here"])
      expect(response).toBe("250 2.0.0 kept as 1")
      expect(yield* arrived(sink)).toEqual([[["bob@example.org"], "čšž", ".\n..dots €"]])
    })
  )
})

wherePresent("swaks", has("swaks", "--version"), () => {
  it.live.each(["PLAIN", "LOGIN"])("sends with AUTH %s", (method) =>
    Effect.gen(function* () {
      const { sink, relay } = yield* withoutCarol()
      const { said, failed } = yield* runs(
        "swaks",
        ...["--server", `127.0.0.1:${relay.port}`, "--auth", method, "--auth-user", "org", "--auth-password", "key-1"],
        ...["--from", "anna@customer.example", "--to", "bob@example.org,carol@example.org", "--body", ".a dot"]
      )
      expect(said).toContain("550 5.1.1 no Carol here")
      expect(said).toContain("250 2.0.0 kept as 1")
      expect(failed).toBe(false)
      expect((yield* arrived(sink)).map(([to, , text]) => [to, text])).toEqual([[["bob@example.org"], ".a dot"]])
    })
  )
})

const python = `
import smtplib, sys
from email.message import EmailMessage
mail = EmailMessage()
mail["From"], mail["Subject"], mail["To"] = "Anna <anna@customer.example>", "čšž", "bob@example.org, carol@example.org"
mail.set_content(".\\nLine €\\n", cte="8bit")
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as relay:
    relay.login("acc", "key-1")
    print(relay.send_message(mail))
    try:
        relay.sendmail("anna@customer.example", "carol@example.org", "From: anna@customer.example\\r\\n\\r\\n")
    except smtplib.SMTPRecipientsRefused as refused:
        print("refused", refused.recipients)
`

wherePresent("Python's smtplib", has("python3", "-c", "import smtplib"), () => {
  it.live("sends an 8-bit body, and is told who was refused", () =>
    Effect.gen(function* () {
      const { sink, relay } = yield* withoutCarol()
      const { said } = yield* runs("python3", "-c", python, String(relay.port))
      const carol = "{'carol@example.org': (550, b'5.1.1 no Carol here')}"
      expect(said).toBe(`${carol}\nrefused ${carol}\n`)
      expect(yield* arrived(sink)).toEqual([[["bob@example.org"], "čšž", ".\nLine €"]])
    })
  )
})

wherePresent("Postfix as root", hasPostfix, () => {
  it.live("sends what waits as soon as it may, and bounces what is refused for good", () =>
    Effect.gen(function* () {
      const { sink, relay } = yield* withoutCarol()
      relay.world.storage = "away"
      const client = yield* dial(yield* startPostfix(relay.port, "acc:key-1"))
      yield* client.say("EHLO program.example")
      yield* submit(client, ["bob@example.org", "carol@example.org"])
      while (relay.world.lookUps === 0) yield* Effect.yieldNow
      expect(yield* arrived(sink)).toEqual([])
      relay.world.storage = "there"
      const bob = yield* sink.awaitMessage(({ to }) => to.includes("bob@example.org"), "60 seconds")
      expect(bob.to).toEqual(["bob@example.org"])
      expect(signatureOf(bob.raw).domain).toBe("customer.example")
      expect(bob.headers.received?.[0]).toContain("from postfix.example ([127.0.0.1])")
      // Its notice about Carol is Postfix's own mail, which no sender is.
      while (!relay.world.asked.includes("acc - MAILER-DAEMON@postfix.example")) yield* Effect.yieldNow
    }).pipe(quiet)
  )
})
