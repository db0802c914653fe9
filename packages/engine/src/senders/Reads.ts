/**
 * The use cases that change nothing.
 */
import { accountOwner, blockersOf, decodeEvent, diagnose, isLive, type Owner, statusOf } from "@countersign/core"
import { Effect, Option, Result } from "effect"
import { Executor } from "../Executor.ts"
import { EventStore, type StorageUnavailable } from "../ports/EventStore.ts"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import { SenderNotFound } from "../SenderErrors.ts"
import type { RecordedEvent, SenderReport } from "../Senders.ts"

const pageSize = 500

export const makeReads = Effect.gen(function* () {
  const directory = yield* SenderDirectory
  const executor = yield* Executor
  const store = yield* EventStore

  const orNotFound = (found: Effect.Effect<Option.Option<ListedSender>, StorageUnavailable>) =>
    Effect.flatMap(found, (sender) =>
      Option.isSome(sender) ? Effect.succeed(sender.value) : Effect.fail(new SenderNotFound())
    )

  // The two that a service asks before each mail: no span, which would cost more than the look itself.
  const get = (account: string, sender: string) => orNotFound(directory.find(account, sender))

  const current = (account: string, owner: Owner) => orNotFound(directory.current(account, owner))

  const status = Effect.fn("Senders.status")(function* (account: string, id: string) {
    const sender = yield* get(account, id)
    const { state } = yield* executor.load(id)
    if (!isLive(state)) return yield* new SenderNotFound()
    return {
      sender,
      status: statusOf(state),
      blockers: blockersOf(state),
      findings: diagnose(state.plan, state.domain, state.evidence),
      evidence: state.evidence
    } satisfies SenderReport
  })

  const history = Effect.fn("Senders.history")(function* (account: string, sender: string) {
    const { state } = yield* executor.load(sender)
    if (state._tag === "NotAdded" || state.account !== account) return yield* new SenderNotFound()
    const recorded: Array<RecordedEvent> = []
    while (true) {
      const { events } = yield* store.readStream(sender, recorded.length, pageSize)
      for (const { version, recordedAt, ...stored } of events) {
        const decoded = decodeEvent(stored)
        if (Result.isFailure(decoded)) return yield* Effect.die(decoded.failure)
        recorded.push({ event: decoded.success, version, recordedAt })
      }
      if (events.length < pageSize) return recorded
    }
  })

  /** An older active sender stays effective until a newer one is active too. */
  const effective = Effect.fn("Senders.effective")(function* (account: string, organization?: string) {
    const owners: ReadonlyArray<Owner> =
      organization === undefined ? [accountOwner] : [{ _tag: "Organization", organization }, accountOwner]
    for (const owner of owners) {
      const [newest] = yield* directory.page({
        account,
        owner,
        kind: "email",
        statuses: ["active"],
        order: "newest-first",
        offset: 0,
        limit: 1
      })
      if (newest !== undefined) return Option.some(newest)
    }
    return Option.none()
  })

  return { get, current, status, history, effective, list: directory.page, count: directory.count }
})
