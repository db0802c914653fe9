/**
 * What a store has to be able to do to be measured beside ours. Each is driven by its own library's means, in a process
 * of its own (`ContestantProgram.ts`).
 */
import type { Balance, Sample } from "./Sample.ts"

/** What a contestant says of itself. */
export interface Profile {
  /** Of every package and program it runs on, by name. */
  readonly versions: { readonly [name: string]: string }
  /** What a reader of the whole log may rely on. */
  readonly ordering: string
  /** Settings of durability as it answered them itself. */
  readonly durability: string
}

export interface Contestant {
  readonly profile: Profile
  /** Appends to a stream that has exactly `expected` events. */
  readonly append: (stream: string, expected: number, events: ReadonlyArray<Sample>) => Promise<void>
  /** Reads a stream from its beginning and folds it. */
  readonly load: (stream: string) => Promise<Balance>
  /** Loads, decides, appends; again when another was faster. Answers how often it was tried. */
  readonly command: (stream: string, amount: number) => Promise<number>
  /** Reads the whole log in its order, and calls `handle` for each event. Absent where there is no such read. */
  readonly readAll?: (handle: (sample: Sample) => void) => Promise<void>
  /**
   * Calls `handle` for each event that is appended from now on, by the library's own subscription, until it is closed.
   * Absent where there is none.
   */
  readonly follow?: (handle: (sample: Sample) => void) => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens a contestant on an empty store: a path that does not exist yet, or the URL of an empty database. */
export type Open = (place: string) => Promise<Contestant>
