/**
 * Send plans in the words of the native dialect. Pure.
 */
import type { SendPlan as Plan } from "@countersign/engine"
import { Effect } from "effect"
import { MemberInvalid, RequestMalformed } from "../../Failure.ts"
import { isoTime } from "../../FindingBody.ts"
import type { RequestBody } from "../../RequestBody.ts"
import type { SendPlan } from "./SendPlan.ts"

const known = ["organization", "from"] as const

/** What is asked. A mistyped member is refused: the plan would be one for another From. */
export const readPlanRequest = Effect.fnUntraced(function* (members: RequestBody["members"]) {
  if (Object.keys(members).some((name) => !known.some((each) => each === name))) {
    return yield* new RequestMalformed({ problem: `The body may have ${known.join(" and ")}, and nothing else.` })
  }
  const request: { organization?: string; from?: string } = {}
  for (const member of known) {
    const value = members[member]
    if (value === undefined) continue
    if (typeof value !== "string") return yield* new MemberInvalid({ member, problem: "not-a-string" })
    request[member] = value
  }
  return request
})

export const planBody = (plan: Plan): SendPlan => ({
  from: plan.from ?? null,
  replyTo: plan.replyTo ?? null,
  sign: plan.sign === undefined ? null : { domain: plan.sign.domain, selector: plan.sign.selector },
  sender: plan.sender ?? null,
  reason: plan.reason,
  obstacles: plan.obstacles,
  validUntil: isoTime(plan.validUntil)
})
