/**
 * What the system tells the program: when to stop, besides the first SIGINT or SIGTERM, which the runtime answers with
 * a graceful end, and that nobody reads any more what it writes.
 */

// One Ctrl-C may come twice: from the terminal, and passed on by npm.
const sameRequest = 500

/** Ends the process at once on a second SIGINT or SIGTERM: whoever asks again does not want to wait. */
export const endAtOnceWhenAskedTwice = (): void => {
  let first: number | undefined
  const onSignal = (signal: "SIGINT" | "SIGTERM") => {
    const now = performance.now()
    first ??= now
    if (now - first > sameRequest) process.exit(signal === "SIGINT" ? 130 : 143)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
}

/** Ends gracefully when the terminal or the connection that started it goes away. */
export const endOnHangUp = (): void => {
  process.on("SIGHUP", () => process.kill(process.pid, "SIGTERM"))
}

/** Keeps Node from opening its debugger to whoever may send SIGUSR1. */
export const openNoDebugger = (): void => {
  process.on("SIGUSR1", () => undefined)
}

const isClosed = (cause: Error): boolean => "code" in cause && cause.code === "EPIPE"

// As a shell says of a program that SIGPIPE ended, which Node ignores.
const endQuietly = (cause: Error): void => {
  if (isClosed(cause)) process.exit(141)
}

/** Ends a command without a word when the reader of what it writes is gone, such as `head`. */
export const endWithTheReader = (): void => {
  process.stdout.on("error", endQuietly)
  process.stderr.on("error", endQuietly)
}

/** Lets a server go on without the reader of its log. */
export const outliveTheReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.off("error", endQuietly).on("error", () => undefined)
  }
}
