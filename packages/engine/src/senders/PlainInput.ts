/**
 * The input of a use case as data of our own: a copy that nobody else holds, with each member read once.
 *
 * What a program passes may be anything, whatever TypeScript says: a getter may throw or answer otherwise the next
 * time, an object may have no end, and whoever passed it may change it later. What the copy holds is inert.
 */
import { Result } from "effect"
import { InvalidData } from "../SenderErrors.ts"

/** How many objects and arrays may lie inside each other. */
const deepest = 64

/** The refusal of a member, by its path; of the whole input without one. `problem` is the end of a sentence. */
export const refusedInput = (path: ReadonlyArray<string>, problem: string): InvalidData =>
  path.length === 0
    ? new InvalidData({ problem: `the input ${problem}` })
    : new InvalidData({ member: path.join("."), problem: `${path.join(".")} ${problem}` })

/** The copy. Members of the input itself that are `undefined` are as if they were absent. */
export const plainInput = (given: unknown): Result.Result<unknown, InvalidData> => {
  const path: Array<string> = []

  const inside = (name: string, value: unknown): unknown => {
    path.push(name)
    const copied = copy(value)
    path.pop()
    return copied
  }

  const copy = (value: unknown): unknown => {
    // JSON has no negative zero: the store would give back another value.
    if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value
    if (path.length > deepest) throw refusedInput(path.slice(0, 1), `is nested deeper than ${deepest} levels`)
    if (Array.isArray(value)) {
      return Array.from({ length: value.length }, (_, index) => inside(String(index), value[index]))
    }
    if (!isData(value, path.length)) throw refusedInput(path, "is not valid: expected plain data")
    const entries: Array<readonly [string, unknown]> = []
    for (const name of Object.keys(value)) {
      const member = inside(name, Reflect.get(value, name))
      if (member !== undefined || path.length > 0) entries.push([name, member])
    }
    return Object.fromEntries(entries)
  }

  try {
    return Result.succeed(copy(given))
  } catch (thrown) {
    return Result.fail(isOwn(thrown) ? thrown : refusedInput(path, `cannot be read: ${told(thrown)}`))
  }
}

/**
 * The input and its members may be instances of a class. A date or a map is no object of that kind, only looks like
 * one.
 */
const isData = (value: object, depth: number): boolean => {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return true
  // The prototype of a plain object of another realm, such as a sandbox of tests.
  if (Object.getPrototypeOf(prototype) === null) return true
  return depth < 2 && Object.prototype.toString.call(value) === "[object Object]"
}

/** What is thrown may be as hostile as what was passed. */
const isOwn = (thrown: unknown): thrown is InvalidData => {
  try {
    return thrown instanceof InvalidData
  } catch {
    return false
  }
}

const told = (thrown: unknown): string => {
  try {
    return String(thrown)
  } catch {
    return "it throws what cannot be told"
  }
}
