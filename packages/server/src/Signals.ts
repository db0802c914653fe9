/**
 * The second request to stop: whoever asks again does not want to wait for a graceful end.
 */

// One Ctrl-C may come twice: from the terminal, and passed on by npm.
const sameRequest = 500

/** Ends the process on a second SIGINT or SIGTERM. What the first one does is up to the program. */
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
