/**
 * What the functions of the first schema have in common.
 *
 * Each function that a statement calls fixes the planner's choice for its own statements, and for those of the
 * functions that it calls: all of them are walks along an index, and a plan made while a table was small would be kept
 * until long after it has grown. Without the first setting each call would plan its statements anew, because it knows
 * how long its arrays are: half of the time of a small commit.
 */
export const planner = `SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
  SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off`

/** The database's own clock, in whole milliseconds; a test gives another. */
export const clock = (given: string): string =>
  `coalesce(${given}, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)`
