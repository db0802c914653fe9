/**
 * The first schema: the functions of tasks. Frozen like the tables.
 *
 * Each function fixes the planner's choice for its statements: all of them are walks along an index, and a plan made while a table was small
 * would be kept until long after it has grown. Without the first setting each call would plan its statements anew, because it knows how long its arrays
 * are: half of the time of a small commit.
 */
export const planner = `SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
  SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off`

/** The database's own clock, in whole milliseconds; a test gives another. */
export const clock = (given: string): string =>
  `coalesce(${given}, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)`

export const taskFunctions = `
-- Puts the tasks from low to high of those commits whose outcome is 0. Tasks of one key have each a layer of their own within a commit, so that
-- no statement meets a key twice.
CREATE FUNCTION {schema}.put_tasks(
  low integer, high integer, outcomes integer[],
  commits integer[], layers integer[], kinds text[], keys text[], dues bigint[], spacings bigint[], payloads text[]
) RETURNS void LANGUAGE plpgsql ${planner} AS $function$
#variable_conflict use_column
DECLARE
  depth integer := 0;
  last_layer integer := 0;
  unkeyed boolean := false;
  wanted integer;
  changed integer;
  added integer;
BEGIN
  FOR i IN low..high LOOP
    IF keys[i] IS NULL THEN
      unkeyed := true;
    ELSE
      last_layer := greatest(last_layer, layers[i]);
    END IF;
  END LOOP;
  IF unkeyed THEN
    INSERT INTO {schema}.tasks (kind, state, due, attempts, payload, fence)
      SELECT kinds[p.nth], 0, dues[p.nth], 0, payloads[p.nth], 0
      FROM generate_series(low, high) AS p(nth)
      WHERE keys[p.nth] IS NULL AND outcomes[commits[p.nth]] = 0 ORDER BY p.nth;
  END IF;
  WHILE depth <= last_layer LOOP
    wanted := 0;
    FOR i IN low..high LOOP
      IF layers[i] = depth AND keys[i] IS NOT NULL AND outcomes[commits[i]] = 0 THEN
        wanted := wanted + 1;
      END IF;
    END LOOP;
    WHILE wanted > 0 LOOP
      -- Always writes the row, even where nothing changes: its lock keeps a claim from taking the task before this transaction ends.
      UPDATE {schema}.tasks t SET
        state = CASE t.state WHEN 1 THEN 1 ELSE 0 END,
        due = CASE t.state
          WHEN 0 THEN least(t.due, greatest(dues[p.nth], t.last_run_at + spacings[p.nth]))
          WHEN 1 THEN t.due
          ELSE greatest(dues[p.nth], t.last_run_at + spacings[p.nth]) END,
        -- Outlives a take-over: one run too many is harmless, one too few is lost work.
        rerun_at = CASE t.state WHEN 1 THEN least(t.rerun_at, greatest(dues[p.nth], t.last_run_at + spacings[p.nth])) END,
        attempts = CASE t.state WHEN 2 THEN 0 ELSE t.attempts END,
        error = CASE t.state WHEN 2 THEN NULL ELSE t.error END
      FROM generate_series(low, high) AS p(nth)
      WHERE layers[p.nth] = depth AND outcomes[commits[p.nth]] = 0 AND t.key = keys[p.nth];
      GET DIAGNOSTICS changed = ROW_COUNT;
      added := 0;
      IF changed < wanted THEN
        INSERT INTO {schema}.tasks (kind, key, state, due, attempts, payload, fence)
          SELECT kinds[p.nth], keys[p.nth], 0, dues[p.nth], 0, payloads[p.nth], 0
          FROM generate_series(low, high) AS p(nth)
          WHERE layers[p.nth] = depth AND outcomes[commits[p.nth]] = 0 AND keys[p.nth] IS NOT NULL ORDER BY p.nth
          ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING;
        GET DIAGNOSTICS added = ROW_COUNT;
      END IF;
      -- Fewer when another connection put one of the keys in between, or ended its task: then once more.
      EXIT WHEN changed + added >= wanted;
    END LOOP;
    depth := depth + 1;
  END LOOP;
END
$function$;

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
        -- Its worker died or hangs. That counts as a failed run, so that a task which kills its workers is buried in the end.
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
    -- Its key was put during the run: that came after whatever made the worker give up, and revives the task like one a moment later.
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
