/** The first schema: puts tasks, from a commit or alone. Frozen like the tables. */
import { planner } from "./function-settings.ts"

export const putTasks = `
-- Puts the tasks from low to high of those commits whose outcome is 0. Tasks of one key have each a layer of their own
-- within a commit, so that no statement meets a key twice.
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
      -- Always writes the row, even where nothing changes: its lock keeps a claim from taking the task before this
      -- transaction ends.
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
`
