/**
 * Which of our source files run something while a request is answered, by V8's precise coverage.
 */
import { Session } from "node:inspector/promises"

const sources = import.meta.url.slice(0, import.meta.url.lastIndexOf("bench/"))

/** The files below `packages`, as `core/Sender.ts`, that ran at least one function during `run`; sorted. */
export const filesDuring = async (run: () => Promise<unknown>): Promise<ReadonlyArray<string>> => {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  // Counts begin here, so that what was loaded and run before is not among them.
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false })
  await run()
  const { result } = await session.post("Profiler.takePreciseCoverage")
  await session.post("Profiler.stopPreciseCoverage")
  session.disconnect()
  return result
    .filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
    .flatMap(({ url }) =>
      url.startsWith(sources) && url.includes("/src/") ? url.slice(sources.length).replace("/src/", "/") : []
    )
    .filter((file) => !file.startsWith("bench/"))
    .sort()
}
