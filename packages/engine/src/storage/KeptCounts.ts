/**
 * The counts of live senders that a store keeps with every commit, by owner, kind and status.
 */
import type { SenderFilter } from "../ports/SenderDirectory.ts"

/** Whether the kept counts answer the filter. Any other is answered by counting. */
export const isKeptCount = ({ canonical, addedBetween, updatedBetween, metadata }: SenderFilter): boolean =>
  canonical === undefined &&
  addedBetween === undefined &&
  updatedBetween === undefined &&
  Object.keys(metadata ?? {}).length === 0
