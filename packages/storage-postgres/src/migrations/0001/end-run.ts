/** The first schema: ends the run of a task. Frozen like the tables. */
import { clock, planner } from "./function-settings.ts"

export const endRun = `
-- What the holder of a claim says; false when it is not held any more. The fence alone decides.
CREATE FUNCTION {schema}.end_run(
  given bigint, task bigint, its_fence integer, verb text, next_due bigint, next_attempts integer, next_payload text, next_error text
) RETURNS boolean LANGUAGE plpgsql ${planner} AS $function$
DECLARE
  again bigint;
BEGIN
  SELECT t.rerun_at INTO again FROM {schema}.tasks t WHERE t.number = task AND t.fence = its_fence AND t.state = 1 FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF verb = 'renew' THEN
    UPDATE {schema}.tasks SET leased_until = ${clock("given")} + next_due WHERE number = task;
  ELSIF verb = 'retry' THEN
    UPDATE {schema}.tasks SET state = 0, due = least(next_due, again), attempts = next_attempts,
      payload = coalesce(next_payload, payload), error = next_error, rerun_at = NULL WHERE number = task;
  ELSIF again IS NOT NULL THEN
    -- Its key was put during the run: that came after whatever made the worker give up, and revives the task like one a
    -- moment later.
    UPDATE {schema}.tasks SET state = 0, due = again, attempts = 0, error = NULL, rerun_at = NULL WHERE number = task;
  ELSIF verb = 'bury' THEN
    UPDATE {schema}.tasks SET state = 2, error = next_error WHERE number = task;
  ELSE
    DELETE FROM {schema}.tasks WHERE number = task;
  END IF;
  RETURN true;
END
$function$;
`
