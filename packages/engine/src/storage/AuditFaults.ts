/**
 * The sentences of an audit about what a store keeps beside the directory's rows.
 */

/** A row that belongs to no stream. */
export const orphanFault = (row: number): string => `row ${row} of the directory belongs to no stream`

/** A sender whose metadata is not in the side table. */
export const missingTermFault = (sender: string, key: string): string =>
  `sender ${sender} is not found by its metadata ${JSON.stringify(key)}`

/** Metadata in the side table that the row does not have. */
export const extraTermFault = (row: number, key: string): string =>
  `the metadata ${JSON.stringify(key)} finds row ${row}, which does not have it`

/** A count that differs from the rows. */
export const countFault = (fault: {
  readonly whose: string
  readonly kind: string
  readonly status: string
  readonly kept: number
  readonly counted: number
}): string =>
  `the count of ${fault.status} senders of kind ${fault.kind} of ${fault.whose} is ${fault.kept} and should be ${fault.counted}`
