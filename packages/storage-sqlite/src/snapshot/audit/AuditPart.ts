/**
 * One part of the audit over one connection. `after` is where the last slice ended, in the words of the part; absent at
 * the beginning.
 */
export type AuditPart = (
  after: ReadonlyArray<number | string> | undefined,
  repair: boolean
) => {
  readonly faults: ReadonlyArray<string>
  /** `undefined` when the part is done. */
  readonly next: ReadonlyArray<number | string> | undefined
}
