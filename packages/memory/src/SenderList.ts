/**
 * Senders in an order, kept in pieces: adding one moves no more than a piece, whatever the length, and an offset passes over whole pieces.
 */
import type { LiveStatus, SenderKind } from "@countersign/core"
import type { ListedSender } from "@countersign/engine"

/** No two senders of one list are equal by it. */
export type Order = (a: ListedSender, b: ListedSender) => number

export type Piece = ReadonlyArray<ListedSender>

const longest = 512

interface Count {
  readonly kind: SenderKind
  readonly status: LiveStatus
  senders: number
}

/** A class, for there is one for nearly every address. */
export class SenderList {
  size = 0
  readonly #order: Order
  readonly #pieces: Array<Array<ListedSender>> = []
  /** Of the few lists that are asked for them. */
  readonly #counts: Array<Count> | undefined

  constructor(order: Order, isCounted: boolean) {
    this.#order = order
    this.#counts = isCounted ? [] : undefined
  }

  /** In order; none is empty. Not to be kept: they change with the list. */
  get pieces(): ReadonlyArray<Piece> {
    return this.#pieces
  }

  /** How many of a list that is counted are of the kind and one of the statuses; `undefined` means any. */
  count(kind: SenderKind | undefined, statuses: ReadonlyArray<LiveStatus> | undefined): number {
    return (this.#counts ?? [])
      .filter((count) => kind === undefined || count.kind === kind)
      .filter((count) => statuses === undefined || statuses.includes(count.status))
      .reduce((sum, { senders }) => sum + senders, 0)
  }

  add(sender: ListedSender): void {
    const isBehind = (other: ListedSender) => this.#order(other, sender) > 0
    const at = this.#pieceOf(isBehind)
    const piece = this.#pieces[at]
    this.#change(sender, 1)
    if (piece === undefined) {
      this.#pieces.push([sender])
      return
    }
    piece.splice(firstIndex(piece, isBehind), 0, sender)
    // At the end, where most are added, the full piece stays full.
    if (piece.length > longest) {
      const kept = at === this.#pieces.length - 1 ? longest : longest >>> 1
      this.#pieces.splice(at + 1, 0, piece.splice(kept))
    }
  }

  /** The sender must be there. */
  remove(sender: ListedSender): void {
    const isThere = (other: ListedSender) => this.#order(other, sender) >= 0
    const at = this.#pieceOf(isThere)
    const piece = this.#pieces[at] ?? []
    piece.splice(firstIndex(piece, isThere), 1)
    if (piece.length === 0) this.#pieces.splice(at, 1)
    this.#change(sender, -1)
  }

  /** The first of those that are `isFarEnough`, and what follows; all after one that is must be, too. */
  from(isFarEnough: (sender: ListedSender) => boolean, limit: number): Piece {
    const found: Array<ListedSender> = []
    for (let at = this.#pieceOf(isFarEnough); at < this.#pieces.length && found.length < limit; at++) {
      const piece = this.#pieces[at] ?? []
      const first = firstIndex(piece, isFarEnough)
      found.push(...piece.slice(first, first + limit - found.length))
    }
    return found
  }

  #change({ kind, status }: ListedSender, by: number): void {
    this.size += by
    if (this.#counts === undefined) return
    const count = this.#counts.find((other) => other.kind === kind && other.status === status)
    if (count === undefined) this.#counts.push({ kind, status, senders: by })
    else count.senders += by
  }

  /** The piece that holds the first sender that is far enough; the last one when there is none. */
  #pieceOf(isFarEnough: (sender: ListedSender) => boolean): number {
    const at = firstIndex(this.#pieces, (piece) => {
      const last = piece[piece.length - 1]
      return last !== undefined && isFarEnough(last)
    })
    return Math.min(at, Math.max(0, this.#pieces.length - 1))
  }
}

/** The first that is far enough; all after one that is must be, too. */
const firstIndex = <A>(list: ReadonlyArray<A>, isFarEnough: (one: A) => boolean): number => {
  let [from, to] = [0, list.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    const one = list[middle]
    if (one !== undefined && isFarEnough(one)) to = middle
    else from = middle + 1
  }
  return from
}
