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
