/**
 * Makes the system forget what it has cached of a file, where it lets itself be told.
 */
import { spawnSync } from "node:child_process"

/** Whether nothing of the file is cached any more. The file must be written to disk: closed, and its log copied. */
export const dropPageCache = (file: string): boolean => {
  // `posix_fadvise(DONTNEED)` over the whole file, by GNU dd: needs no privilege, and Node has no call for it.
  const { status } = spawnSync("dd", [`if=${file}`, "iflag=nocache", "count=0", "status=none"])
  if (status !== 0) return false
  // Of util-linux: the bytes of the file that are in memory.
  const { stdout } = spawnSync("fincore", ["--bytes", "--noheadings", "--output", "RES", file], { encoding: "utf8" })
  return stdout?.trim() === "0"
}
