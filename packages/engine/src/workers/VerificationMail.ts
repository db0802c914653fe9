/**
 * Sends the mail of a verification link, once for each link, and records what the mail server said.
 *
 * The token is computed here, from the ids and the secret, and stored nowhere. A crash between sending and recording
 * sends the same message again, with the same Message-ID.
 */
import {
  declinedUntil,
  type MailboxId,
  mailboxDecider,
  mailboxId,
  type Sender,
  type SenderCommand,
  type SenderState,
  senderDecider,
  signLink
} from "@countersign/core"
import { Effect, Option } from "effect"
import { Executor } from "../Executor.ts"
import { Accounts } from "../ports/Accounts.ts"
import { MailBudget, mailboxHash } from "../ports/MailBudget.ts"
import { Mailer } from "../ports/Mailer.ts"
import { neverRefused, neverRepeated } from "../Refusals.ts"
import { Settings } from "../Settings.ts"
import { verificationMail } from "./MailText.ts"
import { settleBy } from "./Settle.ts"
import type { Handler, Next, Run } from "./TaskRunner.ts"

/** With waits that double up to an hour, this many attempts last about as long as a link does. */
const attempts = 30

const hour = 60 * 60 * 1_000

/**
 * No more than the mailer sends at once: a message must not wait in a queue of its own after its sender was last read.
 */
const concurrency = 3

export const makeVerificationMail = Effect.gen(function* () {
  const executor = yield* Executor
  const mailer = yield* Mailer
  const budget = yield* MailBudget
  const accounts = yield* Accounts
  const { publicUrl, linkKeys } = yield* Settings
  const host = new URL(publicUrl).hostname

  const isDeclined = (mailbox: MailboxId) =>
    Effect.map(executor.load(mailboxDecider, mailbox), ({ state, at }) => declinedUntil(state, at) !== undefined)

  const run = Effect.fn("VerificationMail.run")(function* (run: Run<"verification-mail">) {
    const { sender, incarnation, verificationId } = run.payload
    const before = yield* executor.load(senderDecider, sender)
    if (!wanted(before.state, run, before.at)) return { _tag: "Complete" } satisfies Next
    const mailbox = mailboxId(before.state.account, before.state.canonical)
    // Read again each hour: a decline may be lifted before the link expires. It costs no budget.
    if (yield* isDeclined(mailbox)) return { _tag: "Again", due: before.at + hour } satisfies Next
    const allowed = yield* budget.take({
      mail: verificationId,
      addressHash: mailboxHash(before.state.canonical),
      account: before.state.account
    })
    if (allowed._tag === "NotBefore") return { _tag: "Again", due: allowed.at } satisfies Next

    const account = yield* accounts.account(before.state.account)
    // Both are read again at the last moment: nothing is sent once a decline or a removal was acknowledged.
    const declined = yield* isDeclined(mailbox)
    const { state, at } = yield* executor.load(senderDecider, sender)
    if (!wanted(state, run, at)) return { _tag: "Complete" } satisfies Next
    if (declined) return { _tag: "Again", due: at + hour } satisfies Next
    const accountName = Option.match(account, { onNone: () => state.account, onSome: ({ name }) => name })
    const { canonical } = state
    const token = signLink(linkKeys, { senderId: sender, verificationId, canonical })
    const messageId = `<${verificationId}@${host}>`
    const record = (command: (at: number) => SenderCommand) =>
      settleBy(executor, run.task, sender, state.account, command)

    return yield* mailer
      .send({
        to: deliveryAddress(state),
        messageId,
        ...verificationMail(state.address, accountName, `${publicUrl}/verify/${token}`)
      })
      .pipe(
        Effect.matchEffect({
          onSuccess: () =>
            // The mail is out: what is left is to say so, even when the process is told to stop.
            Effect.uninterruptible(
              record((at) => ({ _tag: "RecordMailSent", at, incarnation, verificationId, messageId }))
            ),
          onFailure: ({ permanent, reason }) =>
            permanent
              ? record((at) => ({ _tag: "RecordMailFailed", at, incarnation, verificationId, reason, permanent }))
              : Effect.succeed<Next>({ _tag: "Failed", error: reason })
        })
      )
  })

  const givenUp = Effect.fnUntraced(function* ({ task, payload }: Run<"verification-mail">, reason: string) {
    const { sender, incarnation, verificationId } = payload
    const loaded = yield* executor.load(senderDecider, sender)
    if (loaded.state._tag === "NotAdded") return
    const request = {
      account: loaded.state.account,
      actor: "worker",
      correlation: task.task,
      command: `task:${task.task}:${task.fence}:given-up`,
      known: [loaded]
    }
    yield* executor
      .execute(request, (tx) =>
        Effect.flatMap(tx.read(senderDecider, sender), ({ at }) =>
          tx.decide(senderDecider, sender, {
            _tag: "RecordMailFailed",
            at,
            incarnation,
            verificationId,
            reason,
            permanent: false
          })
        )
      )
      .pipe(Effect.catchTags({ ...neverRefused, ...neverRepeated }))
  })

  return { kind: "verification-mail", concurrency, attempts, run, givenUp } satisfies Handler<"verification-mail">
})

/** No mail goes out for a link that is void, used up, expired or of a removed sender. */
const wanted = (state: SenderState, { payload }: Run<"verification-mail">, at: number): state is Sender =>
  state._tag === "Sender" &&
  !state.removed &&
  state.incarnation === payload.incarnation &&
  state.mailbox === "pending" &&
  state.link?.verificationId === payload.verificationId &&
  state.link.sentAt === undefined &&
  at < state.link.expiresAt

/** The local part as typed at the A-label domain. */
const deliveryAddress = ({ address, domain }: Sender): string =>
  `${address.slice(0, address.lastIndexOf("@"))}@${domain}`
