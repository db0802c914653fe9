/**
 * The outside checker: what left the relay against the log of events, and nothing else. It has its own small reading of
 * both, and asks neither the send plans nor the directory.
 */
import { senderDecider } from "@countersign/core"
import type { StoredEvent } from "@countersign/engine"
import { Result } from "effect"
import PostalMime from "postal-mime"

/** From when to when, in milliseconds; the end is not in it. */
interface Span {
  readonly from: number
  to: number
}

/** What the log says of one life of a sender. */
interface Life {
  readonly account: string
  readonly organization: string | undefined
  readonly name: string
  readonly isDomain: boolean
  readonly domain: string
  readonly tokens: ReadonlyArray<string>
  readonly active: Array<Span>
  readonly degraded: Array<Span>
  readonly confirmed: Array<Span>
}

/** One mail that was handed in, and what became of it. */
export interface Attempt {
  readonly id: string
  readonly account: string
  readonly organization: string | undefined
  /** The From, where it is an honest mail. */
  readonly honest: string | undefined
  /** When it was handed in, and when the answer was decided. */
  readonly from: number
  readonly at: number
  readonly slot: number | undefined
  /** What goes to the mail server, or the refusal. */
  readonly outcome: { readonly octets: Uint8Array } | { readonly refused: string }
}

/** How late an answer may be, in milliseconds. */
const late = 1_000

const open = (spans: Array<Span>, at: number, isOn: boolean) => {
  const last = spans.at(-1)
  const wasOn = last?.to === Number.POSITIVE_INFINITY
  if (isOn && !wasOn) spans.push({ from: at, to: Number.POSITIVE_INFINITY })
  if (!isOn && wasOn && last !== undefined) last.to = at
}
/** Whether it was so at some moment between the two, both included. */
const touched = (spans: ReadonlyArray<Span>, from: number, to: number) =>
  spans.some((span) => span.from <= to && span.to >= from)
/** Whether it was so all the time between the two. */
const covered = (spans: ReadonlyArray<Span>, from: number, to: number) =>
  spans.some((span) => span.from <= from && span.to > to)

/** What the log says of every sender, and from when a slot's key is revoked. */
export const readLives = (log: ReadonlyArray<StoredEvent>) => {
  const lives: Array<Life> = []
  const revoked = new Map<number, number>()
  const current = new Map<string, { life: Life; mailbox: boolean; domain: boolean }>()
  for (const event of log) {
    const at = event.recordedAt
    if (event.type === "KeyRevoked") revoked.set(JSON.parse(event.data).slot, at)
    const decoded = senderDecider.codec.decode(event)
    if (Result.isFailure(decoded)) continue
    const fact = decoded.success
    if (fact._tag === "SenderAdded") {
      const { account, address, canonical, domain, kind, owner, plan } = fact
      const organization = owner._tag === "Organization" ? owner.organization : undefined
      const isDomain = kind === "domain"
      const life = {
        ...{ account, organization, isDomain, domain, tokens: plan.tokens },
        ...{ name: isDomain ? canonical : address.toLowerCase(), active: [], degraded: [], confirmed: [] }
      }
      lives.push(life)
      current.set(event.stream, { life, mailbox: isDomain, domain: false })
      continue
    }
    const state = current.get(event.stream)
    if (state === undefined) continue
    const { life } = state
    if (fact._tag === "EmailVerified") state.mailbox = true
    if (fact._tag === "VerificationDeclined" || fact._tag === "VerificationRequested") state.mailbox = false
    if (fact._tag === "DomainVerified" || fact._tag === "DomainRecovered") state.domain = true
    if (fact._tag === "DomainVerificationLost") state.domain = false
    if (fact._tag === "DomainDegraded") open(life.degraded, at, true)
    if (["DomainRecovered", "DomainVerified", "DomainVerificationLost"].includes(fact._tag))
      open(life.degraded, at, false)
    const isGone = fact._tag === "SenderRemoved"
    open(life.active, at, state.mailbox && state.domain && !isGone)
    open(life.confirmed, at, state.mailbox && !life.isDomain && !isGone)
    if (isGone) current.delete(event.stream)
  }
  return { lives, revoked }
}

export type Lives = ReturnType<typeof readLives>

/** The header fields as the most lenient program cuts them: at any CR or LF. */
const headerLines = (octets: Uint8Array): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const line of Buffer.from(octets)
    .toString("latin1")
    .split(/\r\n|\r|\n/)) {
    if (line === "") break
    if (/^[ \t]/.test(line)) lines.push(`${lines.pop() ?? ""}${line}`)
    else lines.push(line)
  }
  return lines
}

const ours = (lives: Lives, { account, organization }: Attempt, address: string) =>
  lives.lives.filter(
    (life) =>
      life.account === account &&
      (life.isDomain
        ? organization === undefined && life.name === address.slice(address.lastIndexOf("@") + 1)
        : life.name === address && life.organization === organization)
  )

/** What is wrong with an attempt's outcome; `undefined` when nothing is. `fallback` is the address of no sender. */
export const faultOf = async (lives: Lives, attempt: Attempt, fallback: string): Promise<string | undefined> => {
  const { at, from, honest, outcome, slot } = attempt
  if ("refused" in outcome || slot === undefined) {
    if ("octets" in outcome) {
      const fault = await faultOfRewritten(lives, attempt, outcome.octets, fallback)
      if (fault !== undefined) return fault
    }
    if (honest === undefined) return undefined
    const reason = "refused" in outcome ? outcome.refused : ""
    if (!/^(?:FromRefused|MessageRefused|$)/.test(reason) || reason.includes("storage-unavailable"))
      return `an answer could not be had: ${reason}`
    const all = ours(lives, attempt, honest)
    // While it is degraded the records of all keys may be gone: then it is the fallback.
    const wasActive = all.some(
      ({ active, degraded }) => covered(active, Math.min(from, at - late), at) && !touched(degraded, at - late, at)
    )
    return wasActive ? `${honest} was active and refused: ${reason}` : undefined
  }
  const lines = headerLines(outcome.octets)
  const [signature = ""] = lines
  const d = /[:;]\s*d=([^;]*);/.exec(signature)?.[1]
  const s = /;\s*s=([^;]*);/.exec(signature)?.[1] ?? ""
  const froms = lines.filter((line) => /^from[ \t]*:/i.test(line))
  const read = await PostalMime.parse(outcome.octets)
  const shown = read.from?.address?.toLowerCase() ?? ""
  if (!signature.startsWith("DKIM-Signature:")) return "it was signed, and no signature stands first"
  if (froms.length !== 1) return `it has ${froms.length} From fields`
  const written = new Set<string>(froms[0]?.toLowerCase().match(/[^\s<>"(),;:]+@[^\s<>"(),;:]+/g) ?? [])
  if (written.size !== 1 || !written.has(shown))
    return `From says ${[...written].join(" and ")}, and is read as ${shown}`
  const name = (read.from?.name ?? "")
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\s"'()<>[\]]/g, "")
  if (name.includes("@") && name !== shown) return `the name ${name} passes for an address beside ${shown}`
  if (shown.slice(shown.lastIndexOf("@") + 1) !== d) return `d=${d} is not the domain of ${shown}`
  if ((lives.revoked.get(slot) ?? Number.POSITIVE_INFINITY) < at - late) return `the key of slot ${slot} was revoked`
  const signs = ours(lives, attempt, shown).filter(({ active }) => touched(active, at - late, at))
  if (signs.length === 0) return `${shown} was signed for, and was not active`
  return signs.some(({ domain, tokens }) => domain === d && tokens[slot - 1] === s)
    ? undefined
    : `s=${s} is not the sender's`
}

/** Unsigned, from the fallback, and answers go to nobody who did not confirm. */
const faultOfRewritten = async (lives: Lives, attempt: Attempt, octets: Uint8Array, fallback: string) => {
  const lines = headerLines(octets)
  const froms = lines.filter((line) => /^from[ \t]*:/i.test(line))
  const { from, replyTo = [] } = await PostalMime.parse(octets)
  if (froms.length !== 1 || from?.address !== fallback) return `the fallback says ${froms.join(" and ")}`
  if ((from.name ?? "").includes("@")) return `the fallback's name is ${from.name}`
  const isConfirmed = replyTo.every(({ address = "" }) =>
    ours(lives, attempt, address.toLowerCase()).some(({ confirmed }) =>
      touched(confirmed, attempt.at - late, attempt.at)
    )
  )
  return isConfirmed ? undefined : `answers go to ${replyTo.map(({ address }) => address).join(", ")}`
}
