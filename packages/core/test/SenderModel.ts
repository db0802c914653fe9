/**
 * What a sender and its mailbox must do, as truth tables: the second opinion that the laws compare `decide`, `evolve`
 * and the view with.
 *
 * Nothing of `src` is used. The tables are read off the rules of the domain: a cell is the events that must happen,
 * `!Tag` a refusal, `=` nothing, and `?` news of the records when there is any.
 */
import type { HistoryAct, Sight } from "@countersign/testkit"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

type Table = { readonly [row: string]: { readonly [column: string]: string } }

const table = (text: string): Table => {
  const [head, ...rows] = text
    .trim()
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
  return Object.fromEntries(
    rows.map(([name, ...cells]) => [name, Object.fromEntries(cells.map((cell, at) => [head?.[at + 1], cell]))])
  )
}

const cell = (rows: Table, row: string, column: string): string => {
  const found = rows[row]?.[column]
  if (found === undefined || found === "-") throw new Error(`the table has nothing for ${row} and ${column}`)
  return found
}

/** A click on the current link, by the mailbox axis. */
const clicks = table(`
                | Confirm       | Confirm, late | Decline              | Decline, late
  pending       | EmailVerified | !LinkExpired  | VerificationDeclined | !LinkExpired
  verified      | =             | =             | =                    | =
  expired       | !LinkExpired  | !LinkExpired  | !LinkExpired         | !LinkExpired
  declined      | !LinkDeclined | !LinkDeclined | =                    | =
  undeliverable | EmailVerified | !LinkExpired  | VerificationDeclined | !LinkExpired
`)

/** What the mail server said of the current link's mail, and its time; by the mailbox axis. */
const outcomes = table(`
                | sent                 | sent again | refused                | given up               | given up again | failed after sent | expired             | not expired yet
  pending       | VerificationMailSent | =          | VerificationMailFailed | VerificationMailFailed | =              | =                 | VerificationExpired | =
  verified      | VerificationMailSent | =          | =                      | =                      | =              | =                 | =                   | =
  expired       | =                    | =          | =                      | =                      | =              | =                 | =                   | =
  declined      | =                    | =          | =                      | =                      | =              | =                 | =                   | =
  undeliverable | =                    | -          | =                      | =                      | =              | -                 | =                   | =
`)

/** A wish for a new link, by the mailbox axis. */
const requests = table(`
                | in time               | too soon
  not-needed    | =                     | =
  pending       | VerificationRequested | !TooSoon
  verified      | =                     | =
  expired       | VerificationRequested | !TooSoon
  declined      | VerificationRequested | !TooSoon
  undeliverable | VerificationRequested | !TooSoon
`)

/**
 * A probe of the records, by the domain axis. The 72 h run from the adding, or from where the axis stands. A doubtful
 * negative does not count against the domain: one source alone says it, the DNS as a whole is in doubt, or it is a
 * resolver's that repeats itself.
 */
const probes = table(`
            | valid           | unsure | on-demand | doubtful | doubtful after 72 h          | negative | third negative | negative after 72 h          | third negative after 72 h
  pending   | DomainVerified  | =      | ?         | ?        | ? DomainVerificationTimedOut | ?        | ?              | ? DomainVerificationTimedOut | ? DomainVerificationTimedOut
  verified  | =               | =      | =         | =        | =                            | =        | DomainDegraded | =                            | DomainDegraded
  degraded  | DomainRecovered | =      | =         | =        | =                            | =        | =              | DomainVerificationLost       | DomainVerificationLost
  timed-out | DomainVerified  | =      | ?         | ?        | ?                            | ?        | ?              | ?                            | ?
  lost      | DomainVerified  | =      | ?         | ?        | ?                            | ?        | ?              | ?                            | ?
`)

const statuses = table(`
                 | not verified   | verified or degraded
  not verified   | pending        | domain-verified
  verified       | email-verified | active
  none to verify | pending        | active
`)

/** Where an event puts the axes. */
const mailboxAfter: { readonly [event: string]: string } = {
  VerificationRequested: "pending",
  EmailVerified: "verified",
  VerificationDeclined: "declined",
  VerificationExpired: "expired"
}
const domainAfter: { readonly [event: string]: string } = {
  DomainVerified: "verified",
  DomainRecovered: "verified",
  DomainDegraded: "degraded",
  DomainVerificationTimedOut: "timed-out",
  DomainVerificationLost: "lost"
}

const mailboxBlockers: { readonly [mailbox: string]: ReadonlyArray<string> } = {
  "not-needed": [],
  pending: ["mailbox-unconfirmed"],
  verified: [],
  expired: ["link-expired"],
  declined: ["mailbox-declined"],
  undeliverable: ["mail-undeliverable"]
}
const domainBlockers: { readonly [domain: string]: ReadonlyArray<string> } = {
  pending: ["domain-unverified"],
  verified: [],
  degraded: [],
  "timed-out": ["domain-timed-out"],
  lost: ["domain-lost"]
}

/** What each sight says of its record. */
export const verdicts: { readonly [S in Sight]: "valid" | "wrong" | "unsure" } = {
  right: "valid",
  "right in capitals": "valid",
  "right over hops": "valid",
  "right, unknown to a cache": "valid",
  "right by a resolver": "valid",
  "no name": "wrong",
  "no data": "wrong",
  "wrong target": "wrong",
  "another's target": "wrong",
  "two targets": "wrong",
  "other type": "wrong",
  "no name by a server and a resolver": "wrong",
  "no name, cached as right": "wrong",
  "no name at one server": "wrong",
  "no name by a resolver": "wrong",
  "no data by a resolver": "wrong",
  unavailable: "unsure",
  "unavailable behind a hop": "unsure",
  "right at one server": "unsure",
  "servers disagree": "unsure",
  "not observed": "unsure"
}

/** Wrong ones that do not count by themselves: of one server never, of a single resolver if its cache had the time. */
const doubts: { readonly [S in Sight]?: "never" | "in time" } = {
  "no name at one server": "never",
  "no name by a resolver": "in time",
  "no data by a resolver": "in time"
}

/** Sights that no verdict tells apart are news of one another only by another word here. */
const newsOf: { readonly [S in Sight]?: string } = {
  right: "valid",
  "right in capitals": "valid",
  "right over hops": "valid",
  "right, unknown to a cache": "valid",
  "right by a resolver": "valid",
  "no name": "missing",
  "no data": "missing",
  "no name by a server and a resolver": "missing",
  "no name, cached as right": "missing",
  "no name at one server": "missing",
  "no name by a resolver": "missing",
  "no data by a resolver": "missing"
}

export interface Model {
  readonly life: "none" | "live" | "removed"
  readonly incarnation: number
  readonly mailbox: string
  readonly domain: string
  readonly addedAt: number
  readonly domainSince: number
  readonly updatedAt: number
  readonly link:
    | { readonly id: string; readonly until: number; readonly sent: boolean; readonly failed: boolean }
    | undefined
  /** Per record, what is known of it; nothing before the first negative probe. */
  readonly known: ReadonlyArray<string>
  /** When the mail of the newest link was allowed out; survives removal. */
  readonly mailFrom: number | undefined
  /** The mailbox's: the end of the newest decline, whether or not it is over; nothing once it was lifted. */
  readonly quietUntil: number | undefined
}

export const noSender: Model = {
  life: "none",
  incarnation: 0,
  mailbox: "none",
  domain: "none",
  addedAt: 0,
  domainSince: 0,
  updatedAt: 0,
  link: undefined,
  known: [],
  mailFrom: undefined,
  quietUntil: undefined
}

/** What is done to the model: an act of a history at its time, with the ids that its command names. */
export interface Deed {
  readonly act: HistoryAct
  readonly at: number
  readonly kind: "email" | "domain"
  readonly incarnation: number
  readonly verificationId: string
}

/** The events that must happen, by their names; or `!Tag`, or `=`. */
export const expected = (model: Model, deed: Deed): string => {
  const { act, at } = deed
  const live = model.life === "live"
  const current = live && model.link?.id === deed.verificationId
  const late = at >= (model.link?.until ?? 0) ? ", late" : ""
  switch (act._tag) {
    case "Add": {
      if (live) return "="
      const mails = deed.kind === "email" && at >= (model.quietUntil ?? at)
      return `SenderAdded${mails ? " VerificationRequested" : ""}${act.proven ? " DomainVerified" : ""}`
    }
    case "Remove":
      return live ? "SenderRemoved" : "="
    case "Request":
      if (!live) return "!SenderNotFound"
      return cell(requests, model.mailbox, at < freeFrom(model) ? "too soon" : "in time")
    case "DeclineElsewhere":
    case "LiftDecline":
      return "="
    case "Confirm":
    case "Decline":
      if (!live) return "!SenderNotFound"
      return current ? cell(clicks, model.mailbox, `${act._tag}${late}`) : "!LinkVoid"
  }
  if (!live || deed.incarnation !== model.incarnation) return "="
  if (act._tag === "Probe") return expectedOfProbe(model, act, at)
  return current ? cell(outcomes, model.mailbox, outcomeOf(model, act, at)) : "="
}

/** The event that must happen in the mailbox, or `=`. */
export const expectedOfMailbox = (model: Model, deed: Deed): string => {
  const { act, at } = deed
  const quietUntil = model.quietUntil ?? at
  if (act._tag === "LiftDecline") return at < quietUntil ? "DeclineLifted" : "="
  const declines = act._tag === "DeclineElsewhere" || expected(model, deed) === "VerificationDeclined"
  return declines && quietUntil < at + 30 * day ? "MailDeclined" : "="
}

const freeFrom = ({ mailFrom, quietUntil }: Model): number =>
  Math.max(
    quietUntil ?? Number.NEGATIVE_INFINITY,
    mailFrom === undefined ? Number.NEGATIVE_INFINITY : mailFrom + minute
  )

const outcomeOf = (
  { link }: Model,
  act: HistoryAct & { readonly _tag: "MailSent" | "MailFailed" | "Expire" },
  at: number
): string => {
  if (act._tag === "MailSent") return link?.sent ? "sent again" : "sent"
  if (act._tag === "Expire") return at >= (link?.until ?? 0) ? "expired" : "not expired yet"
  if (link?.sent) return "failed after sent"
  if (act.permanent) return "refused"
  return link?.failed ? "given up again" : "given up"
}

type Probe = HistoryAct & { readonly _tag: "Probe" }

/** Any wrong record makes a probe negative, all right make it valid, anything else leaves it open. */
export const resultOf = ({ sights }: Probe): "valid" | "negative" | "unsure" => {
  const said = sights.map((sight) => verdicts[sight])
  return said.includes("wrong") ? "negative" : said.includes("unsure") ? "unsure" : "valid"
}

/**
 * Whether a negative probe counts against the domain. What the streak's earlier probes saw may stay in a cache for
 * 300 s, so a resolver's no counts when it is the first, or when the one before is not of the same moment.
 */
export const counts = ({ sights, streak, held, onDemand }: Probe): boolean =>
  !held &&
  !onDemand &&
  sights.some(
    (sight) =>
      verdicts[sight] === "wrong" &&
      (doubts[sight] === undefined || (doubts[sight] === "in time" && (streak.count === 1 || streak.age > 0)))
  )

const columnOf = (act: Probe): string => {
  const result = resultOf(act)
  if (result !== "negative") return result
  if (act.onDemand) return "on-demand"
  if (!counts(act)) return "doubtful"
  return act.streak.count >= 3 && act.streak.age >= hour ? "third negative" : "negative"
}

const expectedOfProbe = (model: Model, act: Probe, at: number): string => {
  const row = model.domain
  const since = row === "pending" ? model.addedAt : model.domainSince
  const column = columnOf(act)
  const late = resultOf(act) === "negative" && !act.onDemand && at - since >= 72 * hour
  const said = cell(probes, row, late ? `${column} after 72 h` : column)
  const news = learn(model.known, act).join() !== model.known.join()
  return said.replace("?", news ? "DomainProblemFound" : "").trim() || "="
}

/** What could not be seen stays as it was known. */
const learn = (known: ReadonlyArray<string>, { sights }: Probe): ReadonlyArray<string> =>
  sights.map((sight, at) => (verdicts[sight] === "unsure" ? (known[at] ?? "unsure") : (newsOf[sight] ?? sight)))

/** The model after what must happen. */
export const happen = (model: Model, deed: Deed): Model => {
  const after = expected(model, deed)
    .split(" ")
    .reduce((before, event) => step(before, event, deed), model)
  switch (expectedOfMailbox(model, deed)) {
    case "MailDeclined":
      return { ...after, quietUntil: deed.at + 30 * day }
    case "DeclineLifted":
      return { ...after, quietUntil: undefined }
    default:
      return after
  }
}

const step = (model: Model, event: string, deed: Deed): Model => {
  if (event === "=" || event.startsWith("!")) return model
  if (event === "SenderAdded") return added(model, deed)
  const { at } = deed
  const facts = { ...model, ...factsOf(model, event, deed) }
  const mailbox = mailboxAfter[event] ?? facts.mailbox
  const domain = domainAfter[event] ?? facts.domain
  const moved = mailbox !== model.mailbox || domain !== model.domain || facts.life !== model.life
  return {
    ...facts,
    mailbox,
    domain,
    domainSince: domain === model.domain ? model.domainSince : at,
    updatedAt: moved ? Math.max(model.updatedAt, at) : model.updatedAt
  }
}

const added = (model: Model, { at, kind }: Deed): Model => ({
  ...noSender,
  life: "live",
  incarnation: model.incarnation + 1,
  mailbox: kind === "domain" ? "not-needed" : at < (model.quietUntil ?? at) ? "declined" : "pending",
  domain: "pending",
  addedAt: at,
  domainSince: at,
  updatedAt: at,
  mailFrom: model.mailFrom,
  quietUntil: model.quietUntil
})

const factsOf = (model: Model, event: string, { act, at, verificationId: id }: Deed): Partial<Model> => {
  const { link } = model
  switch (event) {
    case "VerificationRequested": {
      const last = model.mailFrom
      const mailFrom = last === undefined ? at : last > at ? last : Math.max(at, last + minute)
      return { mailFrom, link: { id, until: mailFrom + day, sent: false, failed: false } }
    }
    case "VerificationMailSent":
      return { link: { id, until: at + day, sent: true, failed: false } }
    case "VerificationMailFailed": {
      const failed = link === undefined ? {} : { link: { ...link, failed: true } }
      return act._tag === "MailFailed" && act.permanent ? { ...failed, mailbox: "undeliverable" } : failed
    }
    case "DomainVerified":
    case "DomainRecovered":
      return { known: [] }
    case "DomainProblemFound":
    case "DomainDegraded":
    case "DomainVerificationLost":
      return act._tag === "Probe" ? { known: learn(model.known, act) } : {}
    case "SenderRemoved":
      return { life: "removed" }
    default:
      return {}
  }
}

/** The status that is shown; `none` when the sender was never added. */
export const statusIn = ({ life, mailbox, domain }: Model): string => {
  if (life !== "live") return life
  const row = mailbox === "not-needed" ? "none to verify" : mailbox === "verified" ? "verified" : "not verified"
  return cell(statuses, row, domain === "verified" || domain === "degraded" ? "verified or degraded" : "not verified")
}

/** Codes of what keeps the sender from being active. */
export const blockersIn = ({ life, mailbox, domain }: Model): ReadonlyArray<string> =>
  life === "live"
    ? [...(mailboxBlockers[mailbox] ?? ["?"]), ...(domainBlockers[domain] ?? ["?"])]
    : ["sender-not-found"]
