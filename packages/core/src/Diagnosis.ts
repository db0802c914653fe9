/**
 * What is wrong with the published records, and how to mend it: findings from the plan and what was seen.
 *
 * Derived on reading and never stored, so that better diagnosis is better at once, for old evidence too. Each kind of
 * trouble has its file in `Diagnosis/`; `docs/reference/findings.md` has a zone for every code.
 */
import { diagnoseConflict } from "./Diagnosis/Conflict.ts"
import { diagnoseNoVerdict } from "./Diagnosis/CouldNotAsk.ts"
import { adviseDomain, diagnoseDomain } from "./Diagnosis/DomainAdvice.ts"
import { diagnoseMismatch } from "./Diagnosis/Mismatch.ts"
import { diagnoseMissing } from "./Diagnosis/Missing.ts"
import { adviseRecord } from "./Diagnosis/RecordAdvice.ts"
import { type Diagnosed, type Diagnosis, type Judged, type Subject, subjectOf } from "./Diagnosis/Subject.ts"
import type { Finding } from "./Finding.ts"
import { findingClasses } from "./FindingCode.ts"

export { hostOf } from "./Diagnosis/Edits.ts"
export { mostNeighbours, type NeighbourQuestion, neighbourQuestions } from "./Diagnosis/Neighbours.ts"
export { type Diagnosed, zoneOf } from "./Diagnosis/Subject.ts"

/**
 * Every finding: what keeps the whole domain from being right, or else one finding for each record that is not right,
 * in the order of the plan; then what is good to know. Nothing is said of records that no probe observed yet.
 */
export const diagnose = (diagnosed: Diagnosed): ReadonlyArray<Finding> => {
  const subject = subjectOf(diagnosed)
  const records = subject.records.filter(({ seen }) => seen !== undefined)
  const whole = records.some(({ verdict }) => verdict !== "valid") ? diagnoseDomain(subject) : undefined
  if (whole !== undefined) return [findingOf(subject, undefined, whole)]
  return [
    ...records.flatMap((judged) => diagnoseRecord(subject, judged).map((each) => findingOf(subject, judged, each))),
    ...adviseDomain(subject).map((each) => findingOf(subject, undefined, each))
  ]
}

const diagnoseRecord = (subject: Subject, judged: Judged): ReadonlyArray<Diagnosis> => {
  switch (judged.verdict) {
    case "valid":
      return adviseRecord(subject, judged)
    case "missing":
      return [diagnoseMissing(subject, judged)]
    case "mismatch":
      return [diagnoseMismatch(subject, judged)]
    case "conflict":
      return [diagnoseConflict(subject, judged)]
    case "indeterminate":
      return [diagnoseNoVerdict(subject, judged)]
  }
}

const findingOf = ({ all, since }: Subject, judged: Judged | undefined, diagnosis: Diagnosis): Finding => {
  const { code, message, fix, names, found } = diagnosis
  const known = judged === undefined ? undefined : since?.[judged.name]
  return {
    code,
    class: findingClasses[code],
    record: judged?.name,
    expected: judged?.record.value,
    found: found ?? judged?.found ?? [],
    evidence: all.filter((seen) => seen === judged?.seen || seen.name === judged?.name || names.includes(seen.name)),
    since: known?.verdict === judged?.verdict ? known?.at : undefined,
    message,
    fix
  }
}
