/**
 * Makes the folders that the server stores in, for `Store.ts` and the sandbox's folder.
 *
 * Not with Node's own `recursive`: below a folder that exists and yet answers ENOENT, such as `/proc`, that one tries again
 * for ever, on the main thread, so that not even a signal ends the program.
 */
import { mkdirSync, statSync } from "node:fs"
import { dirname } from "node:path"

/** Makes the folder and those above it, readable by their owner only. Throws what the file system says. */
export const makeFolder = (path: string): void => {
  if (isFolder(path)) return
  const above = dirname(path)
  if (above !== path) makeFolder(above)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (cause) {
    // Another process was faster.
    if (!isFolder(path)) throw cause
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
