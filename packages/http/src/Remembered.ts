/**
 * Remembers for a second what was looked up: whoever asks for the same often has it looked up once a second, and not
 * with every request.
 */
import { Clock, Effect } from "effect"

interface Known<A> {
  readonly value: A
  /** By the monotonic clock, which nobody sets back. */
  readonly until: bigint
}

const second = 1_000_000_000n

/** More than a process meets in a second; then the memory starts anew. */
const most = 10_000

/** What is not kept is looked up every time. */
export const rememberForASecond = <A>(isKept: (value: A) => boolean = () => true) => {
  const known = new Map<string, Known<A>>()
  return <E>(key: string, look: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Clock.clockWith((clock) => {
      const now = clock.monotonicTimeNanosUnsafe()
      const found = known.get(key)
      if (found !== undefined && now < found.until) return Effect.succeed(found.value)
      known.delete(key)
      return Effect.map(look(), (value) => {
        if (isKept(value)) {
          if (known.size >= most) known.clear()
          // From before it was looked up: it may have changed while the answer was on its way.
          known.set(key, { value, until: now + second })
        }
        return value
      })
    })
}
