/**
 * Countersign in a service that does not use Effect: the use cases as async functions, the pages and dialects as
 * handlers to mount, and the events.
 */
import { EventStore, eventFeed, type FeedEvent, statusChanges } from "@countersign/engine"
import {
  type Dialect,
  type FetchHandler,
  type HttpAppRequirements,
  type NodeListener,
  type Served,
  toFetchHandler,
  toNodeListener
} from "@countersign/http"
import type { KeyRecord } from "@countersign/signing"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { type AsyncSenders, makeAsyncSenders, withOwnMessage } from "./AsyncSenders.ts"
import { type ComposedMail, type MailOwner, makeSigning, type SigningRequirements } from "./Signing.ts"

/** What `http.createServer` and Express' `use` take. Mount it before any parser of bodies. */
export interface Handler extends NodeListener {
  /**
   * The same for whoever speaks the web's `Request` and `Response`. The path begins after the prefix that it is mounted
   * at.
   */
  readonly fetch: FetchHandler
}

/** A change of a sender's status. */
export interface StatusChange extends Omit<FeedEvent, "statusBefore" | "statusAfter"> {
  /** `undefined` before it was added. */
  readonly before: FeedEvent["statusBefore"]
  readonly after: FeedEvent["statusAfter"]
}

/** What a service holds of Countersign: see the top of the file. */
export interface Countersign {
  /** The use cases. */
  readonly senders: AsyncSenders
  /** The confirmation page, to which the mailed links lead, and nothing else. */
  readonly page: Handler
  /** The HTTP API in the dialects that are named, and nothing else. */
  readonly api: (...dialects: readonly [Dialect, ...ReadonlyArray<Dialect>]) => Handler
  /**
   * Every event of every sender after a position of the log, 0 for all, and those to come. Keep the position of the
   * last event in the same transaction as what you make of it, and go on after it: then each counts once. It ends with
   * `close`.
   */
  readonly events: (options?: { readonly after?: number }) => AsyncIterable<FeedEvent>
  /**
   * Calls the listener at each change of a sender's status since `createCountersign` was called, in this process or
   * another on the same storage: one after the other, each once the answer to the one before it is settled. What a
   * listener throws goes to the log. Answers a function that ends it.
   */
  readonly onChange: (listener: (change: StatusChange) => unknown) => () => void
  /**
   * Signs a message, whose lines end with CRLF, for its From. Rejects with `FromRefused` when the From may not be used
   * now, and with `MessageRefused` when the message breaks a rule; then it must not be sent.
   */
  readonly sign: (message: Uint8Array | string, owner: MailOwner) => Promise<Uint8Array>
  /**
   * The same for nodemailer: `transport.use("stream", countersign.nodemailer({ account }))`. A function says whose mail
   * it is from what `sendMail` was given.
   */
  readonly nodemailer: <Data>(
    owner: MailOwner | ((data: Data) => MailOwner)
  ) => (mail: ComposedMail<Data>, done: (error?: Error | null) => void) => void
  /** The records to publish in `dkimZone`, one for each signing key. */
  readonly keyRecords: () => Promise<ReadonlyArray<KeyRecord>>
  /** Waits for what is being answered, stops the workers, and lets go of everything. */
  readonly close: () => Promise<void>
}

type Requirements = HttpAppRequirements | SigningRequirements

/**
 * The plain side of layers of your own. Rejects with the layer's error when it cannot be built.
 *
 * @param layer `Engine.layer` and `KeyRingKeys.layer` over the adapters of your choice; with `Workers.layer` and
 * `KeyCare.layer` merged into it, mail, probes and the care for the keys run in this process.
 */
export const makeCountersign = async <R extends Requirements, E>(
  layer: Layer.Layer<R | Requirements, E>
): Promise<Countersign> => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const building = Effect.gen(function* () {
    const context = yield* Layer.buildWithScope(layer, scope)
    const begin = yield* Context.get(context, EventStore).head
    // Requests and listeners end before what they use does.
    const requests = Context.add(context, Scope.Scope, yield* Scope.fork(scope))
    const closed = yield* Deferred.make<void>()
    yield* Scope.addFinalizer(Context.get(requests, Scope.Scope), Deferred.succeed(closed, undefined))
    const handler = (served: Served): Handler => {
      const [node, fetch] = Effect.runSyncWith(requests)(Effect.all([toNodeListener(served), toFetchHandler(served)]))
      return Object.assign(node, { fetch })
    }
    return {
      senders: makeAsyncSenders(context),
      page: handler({ page: true, dialects: [], operations: false }),
      api: (...dialects) => handler({ page: false, dialects, operations: false }),
      events: ({ after = 0 } = {}) =>
        eventFeed(after).pipe(
          Stream.interruptWhen(Deferred.await(closed)),
          Stream.mapError(withOwnMessage),
          Stream.toAsyncIterableWith(context)
        ),
      onChange: (listener) => listen(requests, begin, listener),
      ...(yield* makeSigning(context)),
      close
    } satisfies Countersign
  })
  // A layer that cannot be built to its end leaves nothing open.
  return building.pipe(
    Effect.onError(() => Scope.close(scope, Exit.void)),
    Effect.mapError(withOwnMessage),
    Effect.runPromise
  )
}

const listen = (
  context: Context.Context<EventStore | Scope.Scope>,
  after: number,
  listener: (change: StatusChange) => unknown
): (() => void) => {
  const tell = ({ statusBefore: before, statusAfter: after, ...event }: FeedEvent) =>
    Effect.tryPromise(async () => listener({ ...event, before, after })).pipe(
      Effect.catchCause((cause) => Effect.logError("a listener to changes failed", cause))
    )
  const fiber = Effect.runForkWith(context)(Stream.runForEach(statusChanges(after), tell))
  Effect.runSync(Scope.addFinalizer(Context.get(context, Scope.Scope), Fiber.interrupt(fiber)))
  return () => void Effect.runFork(Fiber.interrupt(fiber))
}
