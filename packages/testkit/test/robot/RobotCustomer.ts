/**
 * A customer who knows nothing of the DNS. They see the fixes of the findings and nothing else, type the host and the
 * value of each edit into the panel, and turn to the whole name or the line of a zone file only when the panel asks for
 * it. Then they ask for a new diagnosis, and try a second time at most.
 */
import type { Edit, Finding } from "@countersign/core"
import { Effect } from "effect"
import type { DnsPanel } from "./Panels.ts"

/** What became of it. */
export interface Healing {
  readonly healed: boolean
  /** How many rounds of edits it took. */
  readonly rounds: number
  /** What was read, typed and answered, line by line. */
  readonly story: ReadonlyArray<string>
}

/** How a robot customer is made. */
export interface RobotCustomer {
  /** The panels of the customer's zones, the domain's first. */
  readonly panels: ReadonlyArray<DnsPanel>
  /** Asks what is wrong now. */
  readonly diagnose: Effect.Effect<ReadonlyArray<Finding>>
  /** What passes until the customer asks again, such as the time that a change needs to get to every server. */
  readonly pause: Effect.Effect<void>
  /** Two by default. */
  readonly rounds?: number
}

/** Lets the customer do what the fixes say until nothing but advice is left, or their patience is at its end. */
export const healByFixes = Effect.fnUntraced(function* ({
  panels,
  diagnose,
  pause,
  rounds = 2
}: RobotCustomer): Effect.fn.Return<Healing> {
  const story: Array<string> = []
  for (let round = 0; ; round++) {
    const open = (yield* diagnose).filter((finding) => finding.class !== "advisory")
    for (const { code, message, fix } of open) story.push(`${code}: ${message} ${fix.message}`)
    if (open.length === 0 || round === rounds) return { healed: open.length === 0, rounds: round, story }
    // Two findings may ask for the same edit.
    const edits = new Map(open.flatMap(({ fix }) => fix.edits).map((edit) => [JSON.stringify(edit), edit] as const))
    const refused: Array<Edit> = []
    for (const edit of edits.values()) if (!(yield* type(panels, edit, story))) refused.push(edit)
    // What stood in its way may be gone by now.
    for (const edit of refused) yield* type(panels, edit, story)
    yield* pause
  }
})

/** Types one edit; answers whether the panel took it. */
const type = Effect.fnUntraced(function* (
  panels: ReadonlyArray<DnsPanel>,
  edit: Edit,
  story: Array<string>
): Effect.fn.Return<boolean> {
  const panel = panels.find(({ zone }) => zone.apex === zoneOf(edit)) ?? panels[0]
  if (panel === undefined) return false
  const said = (typed: string, attempt: ReturnType<DnsPanel["submit"]>) =>
    Effect.match(attempt, {
      onSuccess: () => {
        story.push(`  ${typed}`)
        return undefined
      },
      onFailure: ({ message }) => {
        story.push(`  ${typed}: ${message}`)
        return message
      }
    })
  const form = (host: string) =>
    said(`${edit.action} ${host} ${edit.type} ${edit.value}`, panel.submit({ ...edit, host }))
  const error = yield* form(edit.host)
  if (error === undefined) return true
  if (/zone file/.test(error)) return (yield* said(edit.line, panel.importLine(edit.line))) === undefined
  if (/whole name|trailing dot/.test(error)) return (yield* form(edit.name)) === undefined
  return false
})

/** The zone that a host is relative to. */
const zoneOf = ({ host, name }: Edit): string => {
  const whole = name.slice(0, -1)
  return host === "@" ? whole : whole.slice(host.length + 1)
}
