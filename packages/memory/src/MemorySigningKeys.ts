/**
 * The private signing keys in memory.
 */
import type { KeyId } from "@countersign/core"
import { type KeyChange, SigningKeys, type WrappedKey } from "@countersign/engine"
import { Brand, Effect } from "effect"
import { byCodePoint } from "./CodePointOrder.ts"
import type { MemoryState } from "./MemoryState.ts"

const brand = Brand.nominal<KeyId>()

/** All of them, in the order of their ids. */
export const wrappedKeys = ({ signingKeys }: MemoryState): ReadonlyArray<WrappedKey> =>
  Array.from(signingKeys, ([keyId, wrapped]) => ({ keyId: brand(keyId), wrapped })).sort((a, b) =>
    byCodePoint(a.keyId, b.keyId)
  )

/** What a commit does to them. */
export const changeKey = ({ signingKeys }: MemoryState, change: KeyChange): void => {
  if (change._tag === "Put") signingKeys.set(change.keyId, change.wrapped)
  else signingKeys.delete(change.keyId)
}

export const makeSigningKeys = (state: MemoryState): SigningKeys["Service"] =>
  SigningKeys.of({ list: Effect.sync(() => wrappedKeys(state)) })
