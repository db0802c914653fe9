/**
 * The use cases, one method each: what a service that embeds the engine calls, and what the HTTP endpoints are made of.
 *
 * Each takes one object, checks it, loads, decides, commits and answers; nothing is left to be waited for. Mail and DNS
 * happen later, in the workers. A use case is a file in `senders/` and a line here.
 */
import { Context, Effect, Layer } from "effect"
import { add } from "./senders/add.ts"
import { confirm } from "./senders/confirm.ts"
import { count } from "./senders/count.ts"
import { current } from "./senders/current.ts"
import { decline } from "./senders/decline.ts"
import { dns } from "./senders/dns.ts"
import { effective } from "./senders/effective.ts"
import { get } from "./senders/get.ts"
import { history } from "./senders/history.ts"
import { list } from "./senders/list.ts"
import { probe } from "./senders/probe.ts"
import { readLink } from "./senders/readLink.ts"
import { remove } from "./senders/remove.ts"
import { removeAddress } from "./senders/removeAddress.ts"
import { removeAll } from "./senders/removeAll.ts"
import { resend } from "./senders/resend.ts"
import { stateAt } from "./senders/stateAt.ts"
import { status } from "./senders/status.ts"

const make = Effect.gen(function* () {
  return {
    /** Adds a sender, mails its link and begins to probe its domain. One that the owner has already stays as it is. */
    add: yield* add,
    /** One live sender. */
    get: yield* get,
    /** The newest live sender of kind email of exactly this owner. */
    current: yield* current,
    /** A page of the account's live senders. */
    list: yield* list,
    /** How many live senders of the account there are. */
    count: yield* count,
    /** A live sender, why it is not active yet, and what is wrong with its DNS records. */
    status: yield* status,
    /** The DNS records of a sender's domain with their verdicts, what is wrong with them, and how to mend it. */
    dns: yield* dns,
    /** Every event of a sender with its time, its actor and its correlation, removed senders included. */
    history: yield* history,
    /** The state of a sender as it was at a time, in milliseconds since the epoch; removed senders included. */
    stateAt: yield* stateAt,
    /**
     * A new link while the mailbox is not verified; otherwise a probe of the domain, at most one per 10 s, and no mail.
     */
    resend: yield* resend,
    /** Probes the sender's domain now. Never makes anything worse than the schedule would. */
    probe: yield* probe,
    /** What the page of a link shows. Changes nothing. */
    readLink: yield* readLink,
    /** Confirms the mailbox. Whoever holds the link is the caller. */
    confirm: yield* confirm,
    /** "This was not me." Nothing is mailed there for the account for 30 days. */
    decline: yield* decline,
    /** Removes one sender. Answers how many were removed: 1 or 0. */
    remove: yield* remove,
    /** Removes every sender of kind email of this owner, all or none. Answers how many. */
    removeAll: yield* removeAll,
    /**
     * Removes every sender of the account with this address, whichever owner's and however it is spelt; of a domain,
     * the sender of the whole domain. All or none; answers how many.
     */
    removeAddress: yield* removeAddress,
    /**
     * The From address that may be used now: the newest active sender of the organization, else of the account, else
     * none.
     */
    effective: yield* effective
  }
})

/** The use cases: see the top of the file. */
export class Senders extends Context.Service<Senders, Effect.Success<typeof make>>()("countersign/Senders") {
  static readonly layer = Layer.effect(Senders, make)
}
