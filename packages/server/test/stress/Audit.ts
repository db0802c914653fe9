/**
 * The audit of a stressed installation: what the store holds in the end, against itself, against what the clients were
 * told, and against the mail that went out. Answers one line per invariant with what was counted, and every fault it
 * found.
 */
import {
  fold,
  isLive,
  isOf,
  type MailboxEvent,
  mailboxDecider,
  type SenderEvent,
  type SenderState,
  StoredSenderId,
  senderDecider,
  view
} from "@countersign/core"
import {
  EventStore,
  Maintenance,
  SenderDirectory,
  type StoredEvent,
  TaskQueue,
  type TaskRecord
} from "@countersign/engine"
import { Effect, Result } from "effect"
import { addedValue, type Told } from "./Clients.ts"
import { declinesReachMailboxes } from "./DeclineAudit.ts"
import { publicUrl } from "./Installation.ts"
import type { Life, Mail } from "./Processes.ts"

export interface Finding {
  /** What holds. */
  readonly invariant: string
  readonly counted: string
  readonly faults: ReadonlyArray<string>
}

/** A fact with its place. */
interface Fact {
  readonly stored: StoredEvent
  readonly event: SenderEvent | MailboxEvent
  readonly command: string
}

interface Stream {
  readonly sender: string
  readonly facts: ReadonlyArray<Fact>
  /** What its events come to; of a mailbox's stream, `NotAdded`. */
  readonly state: SenderState
}

/** What is in the store. */
export interface Holding {
  readonly facts: ReadonlyArray<Fact>
  readonly streams: ReadonlyMap<string, Stream>
  readonly tasks: ReadonlyArray<TaskRecord>
  readonly now: number
}

const pageSize = 1_000

/** Reads the log and the tasks. Fails when an event cannot be read. */
export const readHolding = Effect.gen(function* () {
  const store = yield* EventStore
  const queue = yield* TaskQueue
  const tasks: Array<TaskRecord> = []
  for (let more = true; more; ) {
    const after = tasks.at(-1)?.id
    const page = yield* queue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    tasks.push(...page)
    more = page.length === pageSize
  }
  const facts: Array<Fact> = []
  let now = 0
  for (let more = true; more; ) {
    const page = yield* store.readLog(facts.length, pageSize)
    for (const stored of page.events) {
      const { command } = JSON.parse(stored.meta) as { readonly command: string }
      facts.push({ stored, event: decode(stored), command })
    }
    now = page.now
    more = page.events.length === pageSize
  }
  const streams = new Map<string, Stream>()
  for (const [sender, own] of Map.groupBy(facts, ({ stored }) => stored.stream)) {
    streams.set(sender, {
      sender,
      facts: own,
      state: fold(own.flatMap(({ event }) => (ofSender(event) ? [event] : [])))
    })
  }
  return { facts, streams, tasks, now } satisfies Holding
})

const decode = (stored: StoredEvent): SenderEvent | MailboxEvent =>
  Result.getOrThrow<SenderEvent | MailboxEvent, unknown>(
    (isOf(mailboxDecider, stored.type) ? mailboxDecider : senderDecider).codec.decode(stored)
  )

const ofSender = (event: SenderEvent | MailboxEvent): event is SenderEvent => isOf(senderDecider, event._tag)

/** Work that is due or in somebody's hands. */
export const workLeft = ({ tasks, now }: Holding): ReadonlyArray<TaskRecord> =>
  tasks.filter(({ state, due }) => state === "running" || (state === "waiting" && due <= now))

// ---------------------------------------------------------------------------------------------------------------------

const logIsContiguous = ({ facts, streams }: Holding): Finding => ({
  invariant: "positions and versions are contiguous, and time never goes back",
  counted: `${facts.length} events in ${streams.size} streams`,
  faults: [
    ...facts.flatMap(({ stored }, index) => {
      const before = facts[index - 1]?.stored.recordedAt ?? 0
      return [
        ...(stored.position === index + 1 ? [] : [`position ${stored.position} stands at place ${index + 1}`]),
        ...(stored.recordedAt >= before ? [] : [`position ${stored.position} was recorded before the one before it`])
      ]
    }),
    ...[...streams.values()].flatMap(({ sender, facts: own }) =>
      own.flatMap(({ stored }, index) =>
        stored.version === index + 1 ? [] : [`version ${stored.version} of ${sender} stands at place ${index + 1}`]
      )
    )
  ]
})

/** How many events of each kind a command with a key must have made, by what its client was told. */
const expectedEvents = ({
  act,
  answer
}: Told): { readonly type: SenderEvent["_tag"]; readonly count: number } | undefined => {
  if (answer._tag !== "Done") return undefined
  if (act.act === "add") return { type: "SenderAdded", count: addedValue(answer).created ? 1 : 0 }
  if (act.act === "remove" || act.act === "removeAll" || act.act === "removeAddress") {
    // Answered by Senders: `{ count }`.
    return { type: "SenderRemoved", count: (answer.value as { readonly count: number }).count }
  }
  return undefined
}

const acknowledgedIsThere = ({ facts, streams }: Holding, told: ReadonlyArray<Told>): Finding => {
  const byCommand = Map.groupBy(facts, ({ command }) => command)
  let acknowledged = 0
  let repeated = 0
  const faults = told.flatMap((each): ReadonlyArray<string> => {
    const { act, answer, twin, times } = each
    if (times > 1) repeated += 1
    if (!("key" in act)) return []
    const made = byCommand.get(`key:${act.key}`) ?? []
    const text = `${JSON.stringify(act)} was asked ${times} times, told ${JSON.stringify(answer)} (twin: ${JSON.stringify(twin)}), and made ${made.map(({ event }) => event._tag)}`
    if (answer._tag === "Refused") return made.length === 0 ? [] : [`a refused command was written: ${text}`]
    acknowledged += 1
    const expected = expectedEvents(each)
    if (expected !== undefined && made.filter(({ event }) => event._tag === expected.type).length !== expected.count) {
      return [`a command is missing or doubled: ${text}`]
    }
    const links = made.filter(({ event }) => event._tag === "VerificationRequested").length
    if (links > 1) return [`a command made ${links} links: ${text}`]
    if (act.act !== "add") return []
    const { sender, addedAt, incarnation } = addedValue(answer)
    const lives = streams.get(sender)?.facts.filter(({ event }) => event._tag === "SenderAdded") ?? []
    return lives[incarnation - 1]?.event.at === addedAt ? [] : [`the sender that was answered is not there: ${text}`]
  })
  return {
    invariant: "what was acknowledged is there, once, and what was refused is not",
    counted: `${acknowledged} commands with a key acknowledged, ${repeated} of ${told.length} asked more than once`,
    faults
  }
}

const clicksCount = ({ facts }: Holding, told: ReadonlyArray<Told>, mails: ReadonlyArray<Mail>): Finding => {
  const idOf = new Map(mails.map(({ token, messageId }) => [token, messageId.slice(1, messageId.indexOf("@"))]))
  const used = new Map(
    facts.flatMap(({ event }) =>
      event._tag === "EmailVerified" || event._tag === "VerificationDeclined"
        ? [[event.verificationId, event._tag]]
        : []
    )
  )
  const clicks = told.flatMap(({ act, answer }) =>
    (act.act === "confirm" || act.act === "decline") && answer._tag === "Done" ? [act] : []
  )
  return {
    invariant: "every click that was acknowledged is recorded",
    counted: `${clicks.length} clicks on ${used.size} links`,
    faults: clicks.flatMap(({ act, token }) => {
      // To decline what is verified already changes nothing, and is no error.
      const tag = used.get(idOf.get(token) ?? "")
      const recorded = tag === "EmailVerified" || (act === "decline" && tag === "VerificationDeclined")
      return recorded ? [] : [`a ${act} of ${idOf.get(token)} is lost`]
    })
  }
}

const oneOutcomeEach = ({ streams }: Holding): Finding => {
  let verifications = 0
  const faults = [...streams.values()].flatMap(({ sender, facts }) => {
    const ofLink = Map.groupBy(facts, ({ event }) => ("verificationId" in event ? event.verificationId : ""))
    ofLink.delete("")
    verifications += ofLink.size
    return [...ofLink].flatMap(([link, own]) => {
      const count = (...tags: ReadonlyArray<Fact["event"]["_tag"]>) =>
        own.filter(({ event }) => tags.includes(event._tag)).length
      const counts = {
        requested: count("VerificationRequested"),
        sent: count("VerificationMailSent"),
        ended: count("EmailVerified", "VerificationDeclined", "VerificationExpired"),
        failed: count("VerificationMailFailed")
      }
      return counts.requested === 1 && counts.sent <= 1 && counts.ended <= 1 && counts.failed === 0
        ? []
        : [`link ${link} of ${sender}: ${JSON.stringify(counts)}`]
    })
  })
  return { invariant: "every verification has one recorded outcome", counted: `${verifications} verifications`, faults }
}

const directoryFollows = (holding: Holding, accounts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const faults: Array<string> = []
    let entries = 0
    for (const account of accounts) {
      const listed = yield* directory.page({ account, order: "oldest-first", offset: 0, limit: 1_000_000 })
      const live = [...holding.streams.values()].flatMap(({ sender, state, facts }) => {
        const entry = isLive(state) && state.account === account ? view(StoredSenderId.make(sender), state) : undefined
        const begun = facts.findLast(({ event }) => event._tag === "SenderAdded")?.stored.position ?? 0
        return entry === undefined ? [] : [{ ...entry, position: begun }]
      })
      live.sort((a, b) => a.position - b.position)
      entries += live.length
      const found = new Map(listed.map((entry) => [entry.id, entry]))
      for (const entry of live) {
        const row = found.get(entry.id)
        if (canonicalJson(row) !== canonicalJson(entry)) {
          faults.push(`the row of ${entry.id} is ${canonicalJson(row)}, not ${canonicalJson(entry)}`)
        }
      }
      const order = (list: ReadonlyArray<{ readonly id: string }>) => list.map(({ id }) => id).join()
      if (order(listed) !== order(live)) faults.push(`account ${account} lists others, or in another order`)
      for (const status of ["pending", "email-verified", "domain-verified", "active"] as const) {
        const count = yield* directory.count({ account, statuses: [status] })
        const real = live.filter((entry) => entry.status === status).length
        if (count !== real) faults.push(`account ${account} counts ${count} senders ${status}, not ${real}`)
      }
    }
    return {
      invariant: "the directory is what a fold of every stream makes of it, order and counts included",
      counted: `${entries} rows`,
      faults
    } satisfies Finding
  })

/** JSON with the keys of objects in order. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part
  ) ?? "absent"

const workIsDone = ({ tasks, streams }: Holding, left: ReadonlyArray<TaskRecord>): Finding => {
  const buried = tasks.filter(({ state }) => state === "buried")
  const probed = new Set(tasks.map(({ key }) => key))
  const live = [...streams.values()].flatMap(({ state }) => (isLive(state) ? [state] : []))
  const unlooked = new Set(
    live.map(({ account, domain }) => `probe:${domain}:${account}`).filter((key) => !probed.has(key))
  )
  return {
    invariant: "all that was due is done, and every domain will be probed again",
    counted: `${tasks.length} tasks wait for their time, ${buried.length} are buried`,
    faults: [
      ...left.map(({ id, kind, state, due }) => `task ${id} (${kind}) is ${state}, due ${due}`),
      ...buried.map(({ id, kind, error }) => `task ${id} (${kind}) is buried: ${error}`),
      ...[...unlooked].map((key) => `there is no task ${key}`)
    ]
  }
}

/** How many verification mails, and how many notices, a process sends at once. */
const atOnce = { verification: 3, notice: 2 }

/** `broken`: lives that were killed, or whose storage was, and so may have sent what they could not record. */
const mailsAreFew = (holding: Holding, mails: ReadonlyArray<Mail>, broken: ReadonlySet<Life>): Finding => {
  const faults: Array<string> = []
  const copies = Map.groupBy(mails, ({ messageId }) => messageId)
  const repeatedFrom = new Map<Life, { verification: number; notice: number }>()
  let doubled = 0
  for (const [messageId, same] of copies) {
    const [first] = same
    if (first === undefined) continue
    if (same.some(({ to, text }) => to !== first.to || text !== first.text)) faults.push(`${messageId} has two texts`)
    for (const { life } of same.slice(0, -1)) {
      doubled += 1
      const counts = repeatedFrom.get(life) ?? { verification: 0, notice: 0 }
      counts[first.token === undefined ? "notice" : "verification"] += 1
      repeatedFrom.set(life, counts)
      if (!broken.has(life)) faults.push(`${messageId} was sent again although process ${life.number} was not killed`)
    }
  }
  for (const [life, { verification, notice }] of repeatedFrom) {
    if (verification > atOnce.verification || notice > atOnce.notice) {
      faults.push(`process ${life.number} had ${verification} mails and ${notice} notices in flight when it was killed`)
    }
  }
  const tokens = new Map<string, string>()
  for (const { token, messageId } of mails) {
    if (token !== undefined && (tokens.get(token) ?? messageId) !== messageId)
      faults.push(`a link was mailed in two messages`)
    if (token !== undefined) tokens.set(token, messageId)
  }
  const host = new URL(publicUrl).hostname
  const sent = holding.facts.flatMap(({ event }) => (event._tag === "VerificationMailSent" ? [event] : []))
  for (const { verificationId, messageId } of sent) {
    if (messageId !== `<${verificationId}@${host}>` || !copies.has(messageId))
      faults.push(`${messageId} was never sent`)
  }
  const wanted = [...holding.streams.values()].flatMap(({ state }) =>
    isLive(state) && state.mailbox === "pending" && state.link?.sentAt === undefined ? [state.link] : []
  )
  const waiting = new Set(
    holding.tasks.flatMap(({ kind, payload }) =>
      kind === "verification-mail" ? [(payload as { readonly verificationId: string }).verificationId] : []
    )
  )
  for (const link of wanted) {
    if (link === undefined || !waiting.has(link.verificationId)) faults.push(`nobody will mail ${link?.verificationId}`)
  }
  return {
    invariant: "mails are doubled only where one was in flight at a kill, and then it is the same message",
    counted: `${copies.size} messages, ${doubled} doubled at ${broken.size} ends, ${waiting.size} wait`,
    faults
  }
}

/** What an adapter keeps for itself beside the rows, as the adapter audits it: such as counts. */
const ownCountsAgree = Effect.gen(function* () {
  const { audit: slice } = yield* Maintenance
  const faults: Array<string> = []
  let slices = 0
  for (let next: string | undefined, more = true; more; slices++) {
    const found = yield* slice(next, { repair: false })
    faults.push(...found.faults)
    next = found.next
    more = next !== undefined
  }
  const invariant = "what the adapter keeps beside the rows agrees with them"
  return { invariant, counted: `${slices} slices`, faults } satisfies Finding
})

/** What needs no client to tell: the log, the outcomes and the directory. */
export const storeAudit = (accounts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const holding = yield* readHolding
    return [
      logIsContiguous(holding),
      oneOutcomeEach(holding),
      declinesReachMailboxes(holding),
      yield* directoryFollows(holding, accounts),
      yield* ownCountsAgree
    ]
  })

/** Everything, on a store that nobody works on any more. `left`: the work that was never done while somebody did. */
export const audit = (
  accounts: ReadonlyArray<string>,
  told: ReadonlyArray<Told>,
  mails: ReadonlyArray<Mail>,
  broken: ReadonlySet<Life>,
  left: ReadonlyArray<TaskRecord>
) =>
  Effect.gen(function* () {
    const holding = yield* readHolding
    return [
      logIsContiguous(holding),
      acknowledgedIsThere(holding, told),
      clicksCount(holding, told, mails),
      oneOutcomeEach(holding),
      declinesReachMailboxes(holding),
      yield* directoryFollows(holding, accounts),
      yield* ownCountsAgree,
      workIsDone(holding, left),
      mailsAreFew(holding, mails, broken)
    ] satisfies ReadonlyArray<Finding>
  })
