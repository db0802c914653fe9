/**
 * Events, and the state that they come to, in the words of the native dialect. Pure.
 */
import { blockersOf, type DnsObservation, type SenderEvent, type SenderState, statusOf } from "@countersign/core"
import type { RecordedEvent } from "@countersign/engine"
import type { Schema } from "effect"
import { isoTime } from "../../FindingBody.ts"
import { observationBody } from "./DnsBody.ts"
import type { Sender } from "./Sender.ts"
import { senderBody } from "./SenderBody.ts"
import type { TimelineEvent } from "./Timeline.ts"

export const eventBody = (sender: string, recorded: RecordedEvent): TimelineEvent => {
  const { event, version, actor, correlation } = recorded
  const [data, evidence] = contentOf(event)
  return {
    id: `${sender}.${version}`,
    type: event._tag,
    at: isoTime(event.at),
    data,
    evidence: evidence.map(observationBody),
    actor,
    correlation
  }
}

/** What an event says besides its name and its time, and what it follows from. */
const contentOf = (event: SenderEvent): readonly [TimelineEvent["data"], ReadonlyArray<DnsObservation>] => {
  switch (event._tag) {
    case "SenderAdded": {
      const { _tag, at, account, owner, declinedUntil, ...facts } = event
      const organization = owner._tag === "Organization" ? owner.organization : null
      return [{ ...facts, organization, ...timesOf({ declinedUntil }) }, []]
    }
    case "VerificationRequested":
    case "VerificationMailSent": {
      const { _tag, at, ...facts } = event
      const { expiresAt } = facts
      return [
        { ...facts, ...timesOf({ expiresAt, ...("notBefore" in facts ? { notBefore: facts.notBefore } : {}) }) },
        []
      ]
    }
    case "DomainVerified":
    case "DomainRecovered":
    case "DomainProblemFound": {
      const { _tag, at, evidence, ...facts } = event
      return [facts, evidence]
    }
    case "DomainDegraded":
    case "DomainVerificationLost": {
      const { _tag, at, negatives, ...facts } = event
      const times = negatives.map((negative) => isoTime(negative.at))
      return [{ ...facts, negatives: times }, negatives.flatMap(({ evidence }) => evidence)]
    }
    default: {
      const { _tag, at, ...facts } = event
      return [facts, []]
    }
  }
}

const timesOf = (times: { readonly [name: string]: number | undefined }): { readonly [name: string]: Schema.Json } =>
  Object.fromEntries(
    Object.entries(times).flatMap(([name, at]) => (at === undefined ? [] : [[name, isoTime(at)] as const]))
  )

/** A sender by its events; null before it was added. */
export const stateBody = (id: string, state: SenderState): Sender | null =>
  state._tag === "NotAdded"
    ? null
    : senderBody({ ...state, id, status: statusOf(state) }, { ...state, blockers: blockersOf(state) })
