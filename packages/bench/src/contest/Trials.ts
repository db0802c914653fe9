/**
 * The trials W1 to W8, each one round of work on an open contestant.
 *
 * A round goes on for a given time, so that a slow contestant takes no longer than a fast one, except where all have to
 * do the same amount. An operation that fails is counted and the next one is tried: the error rate belongs to the
 * figure.
 */
import { randomUUID } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import type { Round } from "../Measure.ts"
import type { Contestant } from "./Contestant.ts"
import { makeSample, makeSamples } from "./Sample.ts"

/** What one round is asked for. Plain data: it is sent to another process. */
export type Trial =
  /** One new stream with one event per append, by `width` callers. */
  | { readonly kind: "create"; readonly width: number; readonly millis: number }
  /** Streams of ten events, appended one by one, each with the exact version expected. */
  | { readonly kind: "grow"; readonly millis: number }
  /** `width` callers on one stream; each decides again when another was faster. `commands` in all. */
  | { readonly kind: "contend"; readonly width: number; readonly commands: number }
  /** Reads and folds streams of `length` events, one at a time. */
  | { readonly kind: "load"; readonly length: number; readonly millis: number }
  /** One pass over the whole log of `events` events, by the library's way of reading it. */
  | { readonly kind: "catch-up"; readonly events: number }
  /** From the append to the call of the handler; one event at a time. */
  | { readonly kind: "follow"; readonly events: number }
  /** The whole command: load, fold, decide, append. Streams get five commands each. */
  | { readonly kind: "command"; readonly millis: number }

/** An operation that takes longer than this is given up, and counted as failed. Milliseconds. */
const patience = 2_000

/** A round of a given amount goes on no longer than this, however little was done. Milliseconds. */
const longest = 3_000

/** Streams that a trial prepares, the events of one append while it does, and how often it tries. */
const prepared = { streams: 20, portion: 100, attempts: 5 }

export interface TrialRound extends Round {
  /** Operations that failed; they are not in `operations`. */
  readonly failed: number
  /** What the last failure said. */
  readonly failure: string | undefined
}

/** The contestant has no such thing. */
export class Unable extends Error {}

/** Prepares what the first round of a trial needs, and answers what does a round. */
export const prepareTrial = async (contestant: Contestant, trial: Trial): Promise<() => Promise<TrialRound>> => {
  switch (trial.kind) {
    case "create":
      return () => overTime(trial.width, trial.millis, () => contestant.append(newStream(), 0, [makeSample(1)]))
    case "grow":
      return () => grow(contestant, trial.millis)
    case "contend":
      return () => contend(contestant, trial)
    case "command":
      return () => command(contestant, trial.millis)
    case "load":
      return prepareLoad(contestant, trial)
    case "catch-up":
      return prepareCatchUp(contestant, trial.events)
    case "follow":
      return prepareFollow(contestant, trial.events)
  }
}

const newStream = (): string => randomUUID()

/** Counts operations as they end. A library that never answers must not hold up the others. */
const tally = () => {
  const latencies: Array<number> = []
  let failed = 0
  let failure: string | undefined
  // One clock for all that are under way: a timer for each would cost as much as some of the operations.
  const underWay = new Map<(cause: Error) => void, number>()
  const clock = setInterval(() => {
    const now = performance.now()
    for (const [giveUp, began] of underWay) {
      if (now - began > patience) giveUp(new Error(`no answer in ${patience} ms`))
    }
  }, 100)

  const run = async (operation: () => Promise<unknown>): Promise<void> => {
    const began = performance.now()
    let giveUp: (cause: Error) => void = () => undefined
    try {
      await new Promise((resolve, reject) => {
        giveUp = reject
        underWay.set(giveUp, began)
        operation().then(resolve, reject)
      })
      latencies.push(performance.now() - began)
    } catch (cause) {
      failed += 1
      failure = cause instanceof Error ? cause.message : String(cause)
    } finally {
      underWay.delete(giveUp)
    }
  }

  const round = (began: number): TrialRound => {
    clearInterval(clock)
    return {
      operations: latencies.length,
      seconds: (performance.now() - began) / 1_000,
      latencies: Float64Array.from(latencies),
      failed,
      failure
    }
  }
  return { run, round }
}

const overTime = async (width: number, millis: number, operation: () => Promise<unknown>): Promise<TrialRound> => {
  const { round, run } = tally()
  const began = performance.now()
  const caller = async () => {
    while (performance.now() - began < millis) await run(operation)
  }
  await Promise.all(Array.from({ length: width }, caller))
  return round(began)
}

const grow = (contestant: Contestant, millis: number): Promise<TrialRound> => {
  let stream = newStream()
  let version = 0
  return overTime(1, millis, async () => {
    if (version === 10) {
      stream = newStream()
      version = 0
    }
    // Counted before it is known to have worked: after a failure the next stream is begun.
    const expected = version
    version = 10
    await contestant.append(stream, expected, [makeSample(expected)])
    version = expected + 1
  })
}

const contend = async (
  contestant: Contestant,
  { commands, width }: Extract<Trial, { readonly kind: "contend" }>
): Promise<TrialRound> => {
  const stream = newStream()
  const { round, run } = tally()
  const began = performance.now()
  let left = commands
  const caller = async () => {
    while (left-- > 0 && performance.now() - began < longest) await run(() => contestant.command(stream, 1))
  }
  await Promise.all(Array.from({ length: width }, caller))
  const done = round(began)
  const { events } = await contestant.load(stream)
  if (events < done.operations)
    throw new Error(`${done.operations} commands were acknowledged, ${events} events stored`)
  return done
}

const command = (contestant: Contestant, millis: number): Promise<TrialRound> => {
  let stream = newStream()
  let commands = 0
  return overTime(1, millis, () => {
    if (commands++ % 5 === 0) stream = newStream()
    return contestant.command(stream, commands)
  })
}

const prepareLoad = async (
  contestant: Contestant,
  { length, millis }: Extract<Trial, { readonly kind: "load" }>
): Promise<() => Promise<TrialRound>> => {
  const streams: Array<string> = []
  while (streams.length < prepared.streams) streams.push(await fill(contestant, length))
  let next = 0
  return () =>
    overTime(1, millis, async () => {
      const { events } = await contestant.load(streams[next++ % streams.length] ?? "")
      if (events !== length) throw new Error(`a stream of ${length} events was folded from ${events}`)
    })
}

/**
 * Makes a stream of `length` events, and answers its name. What is prepared is not measured: where it fails, another
 * stream is begun.
 */
const fill = async (contestant: Contestant, length: number): Promise<string> => {
  for (let attempts = 1; ; attempts++) {
    const stream = newStream()
    try {
      for (let at = 0; at < length; at += prepared.portion) {
        await contestant.append(stream, at, makeSamples(Math.min(prepared.portion, length - at)))
      }
      return stream
    } catch (cause) {
      if (attempts === prepared.attempts) throw cause
    }
  }
}

const prepareCatchUp = async (contestant: Contestant, events: number): Promise<() => Promise<TrialRound>> => {
  const { readAll } = contestant
  if (readAll === undefined) throw new Unable("it has no read of the whole log")
  for (let at = 0; at < events; at += prepared.portion) await fill(contestant, prepared.portion)
  return async () => {
    let seen = 0
    const began = performance.now()
    await readAll(() => {
      seen += 1
    })
    const millis = performance.now() - began
    if (seen < events) throw new Error(`${seen} of ${events} events were read`)
    return {
      operations: seen,
      seconds: millis / 1_000,
      latencies: Float64Array.of(millis),
      failed: 0,
      failure: undefined
    }
  }
}

const prepareFollow = async (contestant: Contestant, events: number): Promise<() => Promise<TrialRound>> => {
  const { follow } = contestant
  if (follow === undefined) throw new Unable("it has no subscription to the log")
  const waiting = new Map<string, () => void>()
  await follow(({ data }) => waiting.get(data.id)?.())
  return () => followed(contestant, events, waiting)
}

const followed = async (
  contestant: Contestant,
  events: number,
  waiting: Map<string, () => void>
): Promise<TrialRound> => {
  const { round, run } = tally()
  const began = performance.now()
  for (let index = 0; index < events && performance.now() - began < longest; index++) {
    const sample = makeSample(index)
    await run(async () => {
      const handled = new Promise<void>((resolve) => waiting.set(sample.data.id, resolve))
      await contestant.append(newStream(), 0, [sample])
      await handled
    })
    waiting.delete(sample.data.id)
    // A different moment each time, so that a library that looks every so often is not met in step.
    await pause(Math.random() * 10)
  }
  return round(began)
}
