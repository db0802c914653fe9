/**
 * Stores to start from: made and filled once by the storage adapter, then copied for every contender.
 */
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { makeAddCommits } from "./AddCommits.ts"
import { openOurStore } from "./OurStore.ts"

/** Commits that one transaction of the filling takes. */
const portion = 2_500

export interface Template {
  /** Another copy of the store, under this name. */
  readonly copy: (name: string) => string
}

/** A store with `senders` senders; they are the first ones that `makeAddCommits` makes. */
export const makeTemplate = async (folder: string, senders: number): Promise<Template> => {
  const file = join(folder, `template-${senders}.db`)
  const store = openOurStore(file)
  await store.fill([])
  for (let done = 0; done < senders; done += portion) {
    await store.fill(makeAddCommits(done, Math.min(portion, senders - done)))
  }
  // The last to close copies the log into the file and deletes it: the file is all there is.
  await store.close()
  return {
    copy: (name) => {
      const copy = join(folder, name)
      copyFileSync(file, copy)
      return copy
    }
  }
}
