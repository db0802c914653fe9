/**
 * The work that follows from an event: a mail to send, a link to expire, a domain to probe.
 *
 * `react` is pure and its tasks are stored in the same transaction as the event, so no work is ever lost or done for an
 * event that did not happen. Whoever does a task reports back by a command.
 */
import { Schema } from "effect"
import { DnsObservation } from "./DnsObservation.ts"
import { Verdict } from "./DnsVerdict.ts"
import { type DomainName, StoredDomainName } from "./DomainName.ts"
import { type SenderId, StoredSenderId } from "./Identity.ts"
import { AccountId } from "./Owner.ts"
import { Streak } from "./ProbeSchedule.ts"
import type { Sender } from "./Sender.ts"
import type { SenderEvent } from "./SenderEvent.ts"

/** The id of a task, which the storage gives it. */
export const TaskId = Schema.String.pipe(Schema.brand("TaskId"))
export type TaskId = typeof TaskId.Type

/** What is known from the probes of one plan. Times are milliseconds since the epoch. */
export const ProbeRecord = Schema.Struct({
  /** The last probe, whatever it came to. */
  at: Schema.Number,
  evidence: Schema.Array(DnsObservation),
  /** What was asked besides, because something was wrong; and when. */
  neighbours: Schema.Array(DnsObservation),
  neighboursAt: Schema.optionalKey(Schema.Number),
  /** Since when each record has its verdict, by its name. */
  since: Schema.Record(Schema.String, Schema.Struct({ verdict: Verdict, at: Schema.Number })),
  /** When every record was last seen right. */
  rightAt: Schema.optionalKey(Schema.Number),
  streak: Streak,
  /** How many probes in a row asked one question only. */
  quick: Schema.optionalKey(Schema.Int)
})
export type ProbeRecord = typeof ProbeRecord.Type

const ofSender = { sender: StoredSenderId, incarnation: Schema.Int }

/** What each kind of task needs to know. */
export const taskPayloads = {
  "verification-mail": Schema.Struct({ ...ofSender, verificationId: Schema.String }),
  "account-notice": Schema.Struct(ofSender),
  "link-expiry": Schema.Struct({ ...ofSender, verificationId: Schema.String }),
  probe: Schema.Struct({
    account: AccountId,
    domain: StoredDomainName,
    /** When the schedule wants the next probe, in milliseconds since the epoch; an earlier one is on demand. */
    scheduledFor: Schema.optionalKey(Schema.Number),
    /** What is known from the probes so far, by the key of the plan. */
    probed: Schema.optionalKey(Schema.Record(Schema.String, ProbeRecord))
  })
} as const

/** What kind of work a task is. */
export type TaskKind = keyof typeof taskPayloads
/** What a task of a kind carries. */
export type TaskPayload<K extends TaskKind> = (typeof taskPayloads)[K]["Type"]

/** A task to put. Times are milliseconds: `due` since the epoch, by the storage's clock. */
export type NewTask = {
  readonly [K in TaskKind]: {
    readonly kind: K
    /**
     * Unique among live tasks. Putting a key that exists moves the task earlier, never later, and makes it run again
     * when it is running. The task keeps the payload it has: the payload of the second put is dropped.
     */
    readonly key: string | undefined
    readonly due: number
    /** Not sooner than this long after the last run of the task with the same key. */
    readonly spacing: number
    readonly payload: TaskPayload<K>
  }
}[TaskKind]

/** Adds of one domain within this time, in milliseconds, share one probe. */
export const probeSharing = 2_000

/** The key of the one probe task of an account's domain. */
export const probeKey = (account: AccountId, domain: DomainName): string => `probe:${domain}:${account}`

/** The one probe of a domain, due now. */
export const probeTask = (account: AccountId, domain: DomainName, due: number, spacing: number): NewTask => ({
  kind: "probe",
  key: probeKey(account, domain),
  due,
  spacing,
  payload: { account, domain }
})

/** The tasks that follow from `event`; `state` is the sender after it. */
export const react = (sender: SenderId, state: Sender, event: SenderEvent): ReadonlyArray<NewTask> => {
  const { incarnation } = state
  const once = { key: undefined, spacing: 0 } as const
  switch (event._tag) {
    case "SenderAdded": {
      const probe = probeTask(state.account, state.domain, event.at, probeSharing)
      return event.notifyAccount
        ? [probe, { ...once, kind: "account-notice", due: event.at, payload: { sender, incarnation } }]
        : [probe]
    }
    case "VerificationRequested": {
      const payload = { sender, incarnation, verificationId: event.verificationId }
      return [
        { ...once, kind: "verification-mail", due: event.notBefore, payload },
        { ...once, kind: "link-expiry", due: event.expiresAt, payload }
      ]
    }
    default:
      return []
  }
}
