/**
 * A live sender, and why it is or is not active.
 */
import {
  type Blocker,
  blockersOf,
  type DnsObservation,
  diagnose,
  type Finding,
  isLive,
  type Link,
  type SenderStatus,
  senderDecider,
  statusOf
} from "@countersign/core"
import { Effect, Schema } from "effect"
import { Executor } from "../Executor.ts"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import { SenderNotFound } from "../SenderErrors.ts"
import { orNotFound, SenderOf, useCase } from "./UseCase.ts"

/** A live sender and why it is or is not active. */
export interface SenderReport {
  readonly sender: ListedSender
  readonly status: SenderStatus
  /** Since when the mailbox axis has its present state, in milliseconds since the epoch. */
  readonly mailboxSince: number
  readonly link: Link | undefined
  readonly blockers: ReadonlyArray<Blocker>
  /** What is wrong with the published records, and how to mend it. */
  readonly findings: ReadonlyArray<Finding>
  /** What the last probe that changed something saw. */
  readonly evidence: ReadonlyArray<DnsObservation>
}

export const status = useCase(
  "status",
  Schema.Struct(SenderOf),
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const executor = yield* Executor
    return Effect.fnUntraced(function* ({ account, id }) {
      const sender = yield* orNotFound(directory.find(account, id))
      const { state } = yield* executor.load(senderDecider, id)
      if (!isLive(state)) return yield* new SenderNotFound()
      return {
        sender,
        status: statusOf(state),
        mailboxSince: state.mailboxSince,
        link: state.link,
        blockers: blockersOf(state),
        findings: diagnose(state.plan, state.domain, state.evidence),
        evidence: state.evidence
      } satisfies SenderReport
    })
  })
)
