/**
 * A workload: something that the product does, and how much of it is done to measure it.
 */
import type { Figure } from "./Figure.ts"
import type { Crowd } from "./lists/ManySenders.ts"

/** How much is done. */
export interface Scale {
  readonly rounds: number
  /** Commits of one round, and those that a newly opened store is warmed up with before it counts. */
  readonly commits: { readonly oneAtATime: number; readonly together: number; readonly warmUp: number }
  /** Senders in the store that is not empty, and at the end of the memory workload. */
  readonly senders: number
  /** Milliseconds that one fold is repeated for in a round. */
  readonly foldMillis: number
  /** Rounds under load, and the seconds that one takes. */
  readonly http: { readonly rounds: number; readonly seconds: number }
  readonly starts: number
  readonly lists: Crowd & {
    /** How often a question is asked, and how often before that counts. */
    readonly warm: { readonly before: number; readonly times: number }
    readonly cold: { readonly times: number }
  }
  readonly contest: ContestScale
  /** Rounds of several processes at once, and the milliseconds that one takes. */
  readonly processes: { readonly rounds: number; readonly millis: number }
  /** How long another connection holds a snapshot. */
  readonly held: { readonly seconds: number }
  readonly claims: ClaimScale
  readonly verification: VerificationScale
  readonly sending: SendingScale
}

/** How much is planned, signed and relayed. */
interface SendingScale {
  readonly senders: number
  readonly accounts: number
  /** Plans of one round, and mails of one. */
  readonly plans: number
  readonly mails: number
}

/** How much is verified. */
export interface VerificationScale {
  /** Domains that are due at once, and the addresses that their servers have together: as few as can be, and many. */
  readonly few: { readonly domains: number; readonly addresses: number }
  readonly many: { readonly domains: number; readonly addresses: number }
  /** Others that are pending, and those that are looked at, whose records are published over so many seconds. */
  readonly watched: {
    readonly pending: number
    readonly watched: number
    readonly seconds: number
    readonly addresses: number
  }
}

/** How much is done where tasks are claimed. */
export interface ClaimScale {
  /** Tasks of a queue that is short, and of one that is long. */
  readonly few: number
  readonly many: number
  /** Tasks that are done before the last look. */
  readonly completed: number
  /** Claims that are timed. */
  readonly times: number
}

/** How much is done where others' libraries are measured too. */
export interface ContestScale {
  readonly rounds: number
  /** Milliseconds of one round. */
  readonly millis: number
  /** Commands of one round on one contended stream. */
  readonly contended: number
  /** Events of the log that is read from its beginning. */
  readonly log: number
  /** Events of one round whose way to the handler is timed. */
  readonly followed: number
}

export const fullScale: Scale = {
  rounds: 7,
  commits: { oneAtATime: 1_000, together: 4_000, warmUp: 500 },
  senders: 100_000,
  foldMillis: 150,
  http: { rounds: 7, seconds: 2 },
  starts: 5,
  lists: {
    senders: 1_000_000,
    accounts: 1_000,
    largest: 200_000,
    warm: { before: 10, times: 100 },
    cold: { times: 5 }
  },
  contest: { rounds: 3, millis: 400, contended: 200, log: 100_000, followed: 20 },
  processes: { rounds: 3, millis: 3_000 },
  held: { seconds: 20 },
  claims: { few: 10_000, many: 1_000_000, completed: 200_000, times: 100 },
  verification: {
    few: { domains: 600, addresses: 4 },
    many: { domains: 4_000, addresses: 64 },
    watched: { pending: 10_000, watched: 100, seconds: 60, addresses: 64 }
  },
  sending: { senders: 200_000, accounts: 1_000, plans: 100_000, mails: 300 }
}

export interface Surroundings {
  readonly scale: Scale
  /** A folder of this run, on the disk that is measured; it goes when the run ends. */
  readonly folder: string
  /** Says what is being done. */
  readonly progress: (line: string) => void
}

export interface Workload {
  readonly name: string
  /** Runs only when it is named: it installs something, or takes long. */
  readonly onRequest?: true
  readonly run: (surroundings: Surroundings) => Promise<ReadonlyArray<Figure>>
}
