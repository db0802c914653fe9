/**
 * When to stop, besides the first SIGINT or SIGTERM, which the runtime answers with a graceful end.
 */

// One Ctrl-C may come twice: from the terminal, and passed on by npm.
const sameRequest = 500

/** Ends the process at once on a second SIGINT or SIGTERM: whoever asks again does not want to wait. */
export const endAtOnceWhenAskedTwice = (): void => {
  let first: number | undefined
  const asked = (signal: "SIGINT" | "SIGTERM") => {
    const now = performance.now()
    first ??= now
    if (now - first > sameRequest) process.exit(signal === "SIGINT" ? 130 : 143)
  }
  process.on("SIGINT", asked)
  process.on("SIGTERM", asked)
}

/**
 * Asks the process to stop when `npm start` is gone. npm passes a SIGTERM on to the shell that it starts, and that shell
 * ends without telling the program, which would stay behind with its port.
 */
export const endWithNpmStart = (): void => {
  if (process.env.npm_lifecycle_event !== "start") return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, "SIGTERM")
  }, 250)
  watch.unref()
}
