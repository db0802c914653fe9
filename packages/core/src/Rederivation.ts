/**
 * Whether a transition by verdict follows from the evidence that its event carries, and from nothing else: for whoever
 * doubts one later, and for the tests that doubt all of them.
 */
import { countsAgainst, degradesBy } from "./Demotion.ts"
import type { DnsPlan } from "./DnsPlan.ts"
import { judgePlan, probeResult, sameVerdicts } from "./DnsVerdict.ts"
import type { SenderEvent } from "./SenderEvent.ts"

/** Why the event does not follow from its evidence; `undefined` when it does, or is no transition by verdict. */
export const unsupported = ({ records }: DnsPlan, event: SenderEvent): string | undefined => {
  switch (event._tag) {
    case "DomainVerified":
    case "DomainRecovered":
      return probeResult(judgePlan(records, event.evidence)) === "valid"
        ? undefined
        : "the evidence does not show every record right"
    case "DomainDegraded":
      return degradesBy(records, event.negatives) ? undefined : "the evidence is not three negatives over an hour"
    case "DomainVerificationLost": {
      const { negatives } = event
      const last = negatives[negatives.length - 1]
      return last !== undefined && countsAgainst(records, last, negatives[negatives.length - 2])
        ? undefined
        : "the evidence is no negative that counts"
    }
    case "DomainProblemFound": {
      const judged = judgePlan(records, event.evidence)
      if (probeResult(judged) !== "negative") return "the evidence shows nothing wrong"
      // What could not be asked keeps the verdict of an earlier probe.
      return judged.every(
        (seen, index) =>
          seen.verdict === "indeterminate" || sameVerdicts([seen], event.verdicts.slice(index, index + 1))
      )
        ? undefined
        : "the verdicts are not those of the evidence"
    }
    default:
      return undefined
  }
}
