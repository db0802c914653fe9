/**
 * The streams of one request: what was read of each, and what the script decides.
 *
 * The Executor makes one for a request. A script that is run again after a conflict meets the streams as they were
 * read, with the newer events folded in.
 */
import { type AccountId, type Decider, type EventUndecodable, isKnownType, isOf, type NewTask } from "@countersign/core"
import { Effect, Result } from "effect"
import type { Append, EventStore, StorageUnavailable, StoredEvent, Version } from "./ports/EventStore.ts"

/** A stream as the store has it: `at` is the storage's own time of reading, in milliseconds since the epoch. */
export interface Loaded<State> {
  readonly id: string
  readonly state: State
  readonly version: Version
  readonly at: number
}

/** What a command came to, and the stream after it. */
export interface Decided<State> {
  readonly id: string
  readonly happened: boolean
  readonly state: State
  readonly version: Version
}

/** What a script may do. */
export interface Transaction {
  /** Reads a stream. What the script decides is committed only while the stream is still as it was read. */
  readonly read: <Id extends string, S, C, E, R, U extends string>(
    decider: Decider<Id, S, C, E, R, U>,
    id: Id
  ) => Effect.Effect<Loaded<S>, StorageUnavailable | EventUndecodable>
  /**
   * Decides a command on a stream, once. Fails with the decider's refusal: then nothing of the request is committed.
   */
  readonly decide: <Id extends string, S, C, E, R, U extends string>(
    decider: Decider<Id, S, C, E, R, U>,
    id: Id,
    command: NoInfer<C>
  ) => Effect.Effect<Decided<S>, R | StorageUnavailable | EventUndecodable>
}

type Store = Pick<EventStore["Service"], "readStream">

const pageSize = 500

/** Reads a stream, optionally as it was at an earlier version. One of another kind is as if it had no events. */
export const loadStream = Effect.fnUntraced(function* <Id extends string, S, C, E, R, U extends string>(
  store: Store,
  decider: Decider<Id, S, C, E, R, U>,
  id: Id,
  upTo = Number.MAX_SAFE_INTEGER
): Effect.fn.Return<Loaded<S>, StorageUnavailable | EventUndecodable> {
  let loaded: Loaded<S> = { id, state: decider.initial, version: 0, at: 0 }
  while (true) {
    const page = yield* store.readStream(id, loaded.version, Math.min(pageSize, upTo - loaded.version))
    const first = page.events[0]
    if (loaded.version === 0 && first !== undefined && !isOf(decider, first.type) && isKnownType(first.type)) {
      return { ...loaded, at: page.now }
    }
    loaded = { ...(yield* absorb(decider, loaded, page.events)), at: page.now }
    if (page.events.length < pageSize || loaded.version >= upTo) return loaded
  }
})

/** Folds further events in. */
const absorb = <Id extends string, S, C, E, R, U extends string>(
  { codec, evolve }: Decider<Id, S, C, E, R, U>,
  loaded: Loaded<S>,
  events: ReadonlyArray<StoredEvent>
): Effect.Effect<Loaded<S>, EventUndecodable> =>
  Effect.suspend(() => {
    let { state, version, at } = loaded
    for (const stored of events) {
      if (stored.version <= version) continue
      const decoded = codec.decode(stored)
      // Deciding without it would be deciding on a lie.
      if (Result.isFailure(decoded)) return Effect.fail(decoded.failure)
      state = evolve(state, decoded.success)
      version = stored.version
      at = Math.max(at, stored.recordedAt)
    }
    return Effect.succeed({ id: loaded.id, state, version, at })
  })

/** One stream of a request. */
class Track<Id extends string, S, C, E, R, U extends string> {
  readonly #decider: Decider<Id, S, C, E, R, U>
  readonly #id: Id
  #loaded: Loaded<S>
  /** The events of this run of the script; `undefined` until the script decides on the stream. */
  decided: ReadonlyArray<E> | undefined

  constructor(decider: Decider<Id, S, C, E, R, U>, id: Id, loaded: Loaded<S>) {
    this.#decider = decider
    this.#id = id
    this.#loaded = loaded
  }

  /** What `account` may know of the stream. The wall between tenants: another account's is as if it never was. */
  seenBy(account: AccountId): Loaded<S> {
    const owner = this.#decider.account(this.#loaded.state)
    return owner === undefined || owner === account ? this.#loaded : { ...this.#loaded, state: this.#decider.initial }
  }

  absorb(events: ReadonlyArray<StoredEvent>): Effect.Effect<void, EventUndecodable> {
    return Effect.map(absorb(this.#decider, this.#loaded, events), (loaded) => {
      this.#loaded = loaded
    })
  }

  decide(seen: Loaded<S>, command: C): Effect.Effect<Decided<S>, R> {
    const decision = this.#decider.decide(seen.state, command)
    const { id, state, version } = seen
    if (decision._tag === "Rejected") return Effect.fail(decision.rejection)
    this.decided = decision._tag === "Happened" ? decision.events : []
    return Effect.succeed({
      id,
      happened: this.decided.length > 0,
      state: this.decided.reduce(this.#decider.evolve, state),
      version: version + this.decided.length
    })
  }

  outcome(): { readonly id: string; readonly version: Version; readonly happened: boolean } {
    const added = this.decided?.length ?? 0
    return { id: this.#id, version: this.#loaded.version + added, happened: added > 0 }
  }

  append(meta: string): Append {
    const { codec, evolve, react, view } = this.#decider
    const tasks: Array<NewTask> = []
    let state = this.#loaded.state
    for (const event of this.decided ?? []) {
      state = evolve(state, event)
      tasks.push(...react(this.#id, state, event))
    }
    return {
      stream: this.#id,
      expected: this.#loaded.version,
      events: (this.decided ?? []).map((event) => ({ ...codec.encode(event), meta })),
      entry: view(this.#id, state),
      tasks
    }
  }
}

/** What the run does with a track whose types it does not know. */
type AnyTrack = Pick<Track<string, unknown, never, unknown, never, string>, "absorb" | "outcome" | "append" | "decided">

/** The streams of one request: see the top of the file. */
export class ScriptRun implements Transaction {
  readonly #store: Store
  readonly #account: AccountId
  readonly #known: ReadonlyMap<string, Loaded<unknown>>
  /** By stream, in the order in which the script came to them. */
  readonly #tracks = new Map<string, AnyTrack>()

  constructor(store: Store, account: AccountId, known: ReadonlyArray<Loaded<unknown>> = []) {
    this.#store = store
    this.#account = account
    this.#known = new Map(known.map((loaded) => [loaded.id, loaded]))
  }

  /** Forgets what was decided, and keeps what was read. */
  begin(): void {
    for (const track of this.#tracks.values()) track.decided = undefined
  }

  read: Transaction["read"] = (decider, id) =>
    Effect.map(this.#track(decider, id), (track) => track.seenBy(this.#account))

  decide: Transaction["decide"] = (decider, id, command) =>
    Effect.flatMap(this.#track(decider, id), (track) => {
      return track.decide(track.seenBy(this.#account), command)
    })

  /** Of the streams that the script decided on. */
  outcomes() {
    return [...this.#tracks.values()].filter(({ decided }) => decided !== undefined).map((track) => track.outcome())
  }

  /** What happened, and the check of the versions of what was only read. */
  appends(meta: string): ReadonlyArray<Append> {
    return [...this.#tracks.values()]
      .filter(({ decided }) => decided === undefined || decided.length > 0)
      .map((track) => track.append(meta))
  }

  /** Folds in what another has committed to a stream meanwhile. */
  absorb(stream: string, newer: ReadonlyArray<StoredEvent>): Effect.Effect<void, EventUndecodable> {
    return this.#tracks.get(stream)?.absorb(newer) ?? Effect.void
  }

  #track<Id extends string, S, C, E, R, U extends string>(
    decider: Decider<Id, S, C, E, R, U>,
    id: Id
  ): Effect.Effect<Track<Id, S, C, E, R, U>, StorageUnavailable | EventUndecodable> {
    type Typed = Track<Id, S, C, E, R, U>
    const there = this.#tracks.get(id)
    // A stream has one decider, which its id is made for: whoever names the id again names the same decider.
    if (there !== undefined) return Effect.succeed(there as unknown as Typed)
    const known = this.#known.get(id) as Loaded<S> | undefined
    const loaded = known === undefined ? loadStream(this.#store, decider, id) : Effect.succeed(known)
    return Effect.map(loaded, (found) => {
      const track: Typed = new Track(decider, id, found)
      this.#tracks.set(id, track)
      return track
    })
  }
}
