/** The first schema: hands due tasks to a worker. Frozen like the tables. */
import { clock, planner } from "./function-settings.ts"

export const claimTasks = `
-- Claims up to "most" due tasks. The last row has no number: it says when to look again.
CREATE FUNCTION {schema}.claim_tasks(given bigint, kinds text[], most integer, lease bigint)
RETURNS TABLE (number bigint, fence integer, kind text, key text, due bigint, attempts integer, payload text, last_run_at bigint,
  at bigint, next_due bigint)
LANGUAGE plpgsql ${planner} AS $function$
#variable_conflict use_column
DECLARE
  now_is bigint := ${clock("given")};
  next_is bigint;
BEGIN
  RETURN QUERY
    WITH found AS MATERIALIZED (
      SELECT t.number, t.due, t.last_run_at, t.state
      FROM unnest(kinds) AS k(kind) CROSS JOIN LATERAL (
        (SELECT w.number, w.due, w.last_run_at, w.state FROM {schema}.tasks w
          WHERE w.state = 0 AND w.kind = k.kind AND w.due <= now_is
          ORDER BY w.due, w.number LIMIT most FOR UPDATE SKIP LOCKED)
      ) t
      UNION ALL
      SELECT t.number, t.due, t.last_run_at, t.state
      FROM unnest(kinds) AS k(kind) CROSS JOIN LATERAL (
        (SELECT r.number, r.due, r.last_run_at, r.state FROM {schema}.tasks r
          WHERE r.state = 1 AND r.kind = k.kind AND r.leased_until <= now_is
          ORDER BY r.due, r.number LIMIT most FOR UPDATE SKIP LOCKED)
      ) t
    ), chosen AS MATERIALIZED (
      SELECT f.* FROM found f ORDER BY f.due, f.number LIMIT most
    ), taken AS (
      UPDATE {schema}.tasks t SET
        state = 1,
        -- Its worker died or hangs. That counts as a failed run, so that a task which kills its workers is buried in
        -- the end.
        attempts = t.attempts + c.state,
        fence = t.fence + 1,
        leased_until = now_is + lease,
        last_run_at = now_is
      FROM chosen c WHERE t.number = c.number
      RETURNING t.number, t.fence, t.kind, t.key, t.due, t.attempts, t.payload, c.last_run_at
    )
    SELECT t.number, t.fence, t.kind, t.key, t.due, t.attempts, t.payload, t.last_run_at, now_is, NULL::bigint
    FROM taken t ORDER BY t.due, t.number;
  SELECT min(t.at) INTO next_is FROM unnest(kinds) AS k(kind) CROSS JOIN LATERAL (
    (SELECT w.due AS at FROM {schema}.tasks w WHERE w.state = 0 AND w.kind = k.kind ORDER BY w.due, w.number LIMIT 1)
    UNION ALL
    (SELECT r.leased_until FROM {schema}.tasks r WHERE r.state = 1 AND r.kind = k.kind ORDER BY r.leased_until LIMIT 1)
  ) t;
  RETURN QUERY SELECT NULL::bigint, NULL::integer, NULL::text, NULL::text, NULL::bigint, NULL::integer, NULL::text, NULL::bigint,
    now_is, next_is;
END
$function$;
`
