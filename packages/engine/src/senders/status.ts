/**
 * A live sender, and why it is or is not active.
 */
import {
  type Blocker,
  blockersOf,
  isLive,
  type Link,
  type SenderStatus,
  senderDecider,
  statusOf
} from "@countersign/core"
import { Effect, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { SenderDirectory } from "../ports/SenderDirectory.ts"
import { SenderNotFound } from "../SenderErrors.ts"
import type { DnsReport } from "./DnsReport.ts"
import { makeReport } from "./dns.ts"
import { orNotFound, SenderOf, useCase } from "./UseCase.ts"

/** A live sender, why it is or is not active, and what is known about its domain's DNS. */
export interface SenderReport extends DnsReport {
  readonly status: SenderStatus
  /** Since when the mailbox axis has its present state, in milliseconds since the epoch. */
  readonly mailboxSince: number
  readonly link: Link | undefined
  readonly blockers: ReadonlyArray<Blocker>
}

export const status = useCase(
  "status",
  Schema.Struct(SenderOf),
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const executor = yield* Executor
    const report = yield* makeReport
    return Effect.fnUntraced(function* ({ account, id }) {
      const sender = yield* orNotFound(directory.find(account, id))
      const { state } = yield* executor.load(senderDecider, id)
      if (!isLive(state)) return yield* new SenderNotFound()
      return {
        ...(yield* report(sender)),
        status: statusOf(state),
        mailboxSince: state.mailboxSince,
        link: state.link,
        blockers: blockersOf(state)
      } satisfies SenderReport
    })
  })
)
