/**
 * How long the runs of the tests in folders named `stress` are, and which seed they have: `npm run test:stress` runs
 * them long, `npm test` briefly.
 */

/** vitest's mode, as `--mode stress` sets it. */
export const long = process.env.MODE === "stress"

/** Printed by every run; `COUNTERSIGN_SEED` sets it. */
export const seed = Number(process.env.COUNTERSIGN_SEED ?? Math.trunc(Math.random() * 2 ** 31))

/** How many commands a run has; `COUNTERSIGN_COMMANDS` sets it for all. */
export const commandsOr = (usual: number): number => Number(process.env.COUNTERSIGN_COMMANDS ?? usual)
