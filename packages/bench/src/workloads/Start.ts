/**
 * From the start of the process to the first answer of `/health`: `countersign serve --sandbox`, which is what `npm
 * start` runs when everything is installed.
 */
import { below } from "../Figure.ts"
import { median } from "../Measure.ts"
import { startSandbox } from "../processes/ServerProcess.ts"
import type { Workload } from "../Workload.ts"

export const start: Workload = {
  name: "start",
  run: async ({ progress, scale }) => {
    progress(`start: ${scale.starts} times`)
    const times: Array<number> = []
    // Once more than is counted: the first start compiles, and leaves the compiled code for the others.
    for (let round = 0; round <= scale.starts; round++) {
      const { millis, stop } = await startSandbox()
      await stop()
      if (round > 0) times.push(millis)
    }
    const value = median(times)
    return [
      {
        workload: "start to the first answer of `/health`, installed",
        ours: { value, unit: "ms" },
        aims: [below(value, 2_000, "< 2,000 ms")]
      }
    ]
  }
}
