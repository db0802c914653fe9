/**
 * The counts of live senders that a store keeps with every commit, by owner, kind and status.
 */
import type { SenderFilter } from "../ports/SenderDirectory.ts"

/** Whether the kept counts answer the filter. Any other is answered by counting. */
export const isKeptCount = ({ canonical, domain, after, metadata, ...filter }: SenderFilter): boolean =>
  [canonical, domain, after, filter.addedBetween, filter.updatedBetween].every((wanted) => wanted === undefined) &&
  Object.keys(metadata ?? {}).length === 0
