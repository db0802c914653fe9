/**
 * The audit of declines: "this was not me" ends a link and keeps the account's mail away, in one commit over two
 * streams.
 */
import { declinePeriod, mailboxId } from "@countersign/core"
import type { Finding, Holding } from "./Audit.ts"

export const declinesReachMailboxes = ({ facts, streams }: Holding): Finding => {
  const declines = facts.filter(({ event }) => event._tag === "VerificationDeclined")
  const faults = declines.flatMap(({ stored, event, command }): ReadonlyArray<string> => {
    const sender = streams.get(stored.stream)?.state
    if (sender?._tag !== "Sender") return [`position ${stored.position} declines for no sender`]
    const mailbox = streams.get(mailboxId(sender.account, sender.canonical))?.facts ?? []
    const together = mailbox.some(
      (fact) => fact.event._tag === "MailDeclined" && fact.command === command && fact.event.at === event.at
    )
    // What was said before and reaches as far stays as it is, unless it was lifted in between.
    const before = mailbox.findLast((fact) => fact.stored.position < stored.position)?.event
    const already = before?._tag === "MailDeclined" && before.until >= event.at + declinePeriod
    return together || already ? [] : [`the decline at position ${stored.position} did not reach its mailbox`]
  })
  const alone = facts.filter(
    ({ event, command }) => event._tag === "MailDeclined" && !declines.some((fact) => fact.command === command)
  )
  return {
    invariant: "every decline of a link reached its mailbox in the same commit, and no other did",
    counted: `${declines.length} declines`,
    faults: [...faults, ...alone.map(({ stored }) => `position ${stored.position} declines mail without a link`)]
  }
}
