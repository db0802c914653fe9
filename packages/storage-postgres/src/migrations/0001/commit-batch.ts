/**
 * The first schema: the function that commits a batch. Frozen like the tables.
 *
 * A batch comes as arrays, cut into runs of commits that do not touch each other (`CommitRuns.ts`). A run is decided
 * and written by a fixed number of statements, whatever its length; the next one sees what it wrote. So the commits of
 * a batch are taken in order, and a batch of strangers, which nearly all are, costs as many statements as a single
 * commit.
 */
import { clock, planner } from "./function-settings.ts"

/** A receipt answers for so long, in milliseconds; after that its command id is free again. */
const receiptLifetime = 24 * 60 * 60 * 1_000

export const commitBatch = `
-- outcomes, per commit: 0 committed, 1 duplicate, 2 command id reused, 3 lease lost, 4 conflict. texts, per commit: the
-- first result of a duplicate, or the JSON of a conflict's newer events; conflicts: which append. places, per append:
-- the position of its entry.
CREATE FUNCTION {schema}.commit_batch(
  -- "forget": how many old receipts to delete; "folds": whether to sum up the rows of a count; "made_by": the version
  -- of the view.
  given bigint, forget integer, folds boolean, made_by integer,
  -- Per commit: where the run ends that it is in; its command; and the claim that it settles.
  c_until integer[], c_account text[], c_command text[], c_fingerprint text[], c_result text[], c_task bigint[], c_fence integer[],
  -- Per append: its commit; how many events of the commit come before it on its stream; the version after all of them;
  -- how many appends of the commit to the stream come before it; whether the stream is kept.
  a_commit integer[], a_stream text[], a_expected integer[], a_before integer[], a_events integer[], a_final integer[],
  a_layer integer[], a_kept boolean[],
  -- Per append: its entry, or NULL.
  e_account text[], e_owner text[], e_kind text[], e_status text[], e_domain text[], e_canonical text[], e_incarnation integer[],
  e_added bigint[], e_updated bigint[], e_metadata text[], e_body text[],
  -- Per event: its append, and its place in it from 0.
  v_append integer[], v_nth integer[], v_type text[], v_schema integer[], v_data text[], v_meta text[],
  -- Per task: its commit, and how many tasks of the same key the commit has before it.
  t_commit integer[], t_layer integer[], t_kind text[], t_key text[], t_due bigint[], t_spacing bigint[], t_payload text[],
  OUT outcomes integer[], OUT texts text[], OUT conflicts integer[], OUT places bigint[]
) LANGUAGE plpgsql ${planner} AS $function$
#variable_conflict use_column
DECLARE
  commits constant integer := coalesce(array_length(c_account, 1), 0);
  appends constant integer := coalesce(array_length(a_stream, 1), 0);
  now_is bigint;
  head bigint;
  recorded bigint;
  low integer := 1;
  high integer;
  -- The appends, tasks and events of the run.
  a_low integer;
  a_high integer := 0;
  t_low integer;
  t_high integer := 0;
  v_low integer;
  v_high integer := 0;
  layers integer;
  hit record;
  -- Per append: its stream, the position of its first event (NULL when it is not written), and whether the stream was
  -- there before.
  numbers bigint[] := array_fill(NULL::bigint, ARRAY[appends]);
  firsts bigint[] := array_fill(NULL::bigint, ARRAY[appends]);
  known boolean[] := array_fill(false, ARRAY[appends]);
  any_known boolean;
  any_new boolean;
BEGIN
  outcomes := array_fill(0, ARRAY[commits]);
  texts := array_fill(NULL::text, ARRAY[commits]);
  conflicts := array_fill(NULL::integer, ARRAY[commits]);
  places := array_fill(0::bigint, ARRAY[appends]);

  -- For this transaction only: the session may belong to a pooler.
  PERFORM set_config('lock_timeout', '{lock_timeout}', true);
  PERFORM pg_advisory_xact_lock({commit_lock});
  -- In a later statement than the lock, so that its snapshot has everything that was committed under it.
  SELECT e.position, e.recorded_at INTO head, recorded FROM {schema}.events e ORDER BY e.position DESC LIMIT 1;
  now_is := ${clock("given")};
  head := coalesce(head, 0);
  -- A clock that was set back does not take the log back with it.
  recorded := greatest(recorded, now_is);

  WHILE low <= commits LOOP
    high := c_until[low];
    a_low := a_high + 1;
    t_low := t_high + 1;
    v_low := v_high + 1;

    -- 1. Receipts, before everything else: the first answer holds although the versions, and the lease, have moved on
    -- since.
    FOR hit IN
      SELECT c.nth, r.fingerprint = c_fingerprint[c.nth] AS same, r.result
      FROM generate_series(low, high) AS c(nth)
      JOIN {schema}.receipts r ON r.account = c_account[c.nth] AND r.command = c_command[c.nth]
      WHERE r.at > now_is - ${receiptLifetime}
    LOOP
      outcomes[hit.nth] := CASE WHEN hit.same THEN 1 ELSE 2 END;
      IF hit.same THEN
        texts[hit.nth] := hit.result;
      END IF;
    END LOOP;

    -- 2. Leases. Locked, so that what is held now is held until the end.
    IF c_task IS NOT NULL THEN
      FOR i IN low..high LOOP
        CONTINUE WHEN c_task[i] IS NULL OR outcomes[i] <> 0;
        SELECT t.key INTO hit FROM {schema}.tasks t WHERE t.number = c_task[i] AND t.fence = c_fence[i] AND t.state = 1 FOR UPDATE;
        IF NOT FOUND THEN
          outcomes[i] := 3;
        ELSIF hit.key IS NOT NULL AND EXISTS (
          SELECT FROM generate_series(t_low, array_length(t_key, 1)) AS p(nth) WHERE t_commit[p.nth] < i AND t_key[p.nth] = hit.key
        ) THEN
          -- An earlier commit puts the task that this one ends: it must be written first.
          FOR later IN i..high LOOP
            outcomes[later] := 0;
            texts[later] := NULL;
          END LOOP;
          high := i - 1;
          EXIT;
        END IF;
      END LOOP;
    END IF;

    -- The run is as long as it stays; nearly every batch is one run.
    IF high = commits THEN
      a_high := appends;
      t_high := coalesce(array_length(t_commit, 1), 0);
      v_high := coalesce(array_length(v_append, 1), 0);
    ELSE
      WHILE a_commit[a_high + 1] <= high LOOP
        a_high := a_high + 1;
      END LOOP;
      WHILE t_commit[t_high + 1] <= high LOOP
        t_high := t_high + 1;
      END LOOP;
      WHILE v_append[v_high + 1] <= a_high LOOP
        v_high := v_high + 1;
      END LOOP;
    END IF;

    -- 3. Versions.
    FOR hit IN
      SELECT a.nth, a_commit[a.nth] AS commit, s.number, coalesce(s.version, 0) + a_before[a.nth] <> a_expected[a.nth] AS wrong
      FROM generate_series(a_low, a_high) AS a(nth)
      LEFT JOIN {schema}.streams s ON s.stream = a_stream[a.nth] ORDER BY a.nth
    LOOP
      numbers[hit.nth] := hit.number;
      known[hit.nth] := hit.number IS NOT NULL;
      IF hit.wrong AND outcomes[hit.commit] = 0 THEN
        outcomes[hit.commit] := 4;
        conflicts[hit.commit] := hit.nth;
        texts[hit.commit] := (
          SELECT json_agg(json_build_array(e.position, e.version, e.type, e.schema_version, e.data, e.meta, e.recorded_at) ORDER BY e.version)
          FROM {schema}.events e WHERE e.stream = hit.number AND e.version > a_expected[hit.nth]);
      END IF;
    END LOOP;

    -- From here on everything is written. Places in the log, in the order of the batch.
    any_known := false;
    any_new := false;
    layers := 0;
    FOR i IN a_low..a_high LOOP
      IF outcomes[a_commit[i]] <> 0 THEN
        numbers[i] := NULL;
        CONTINUE;
      END IF;
      firsts[i] := head + 1;
      layers := greatest(layers, a_layer[i]);
      IF e_account[i] IS NOT NULL THEN
        places[i] := firsts[i];
      END IF;
      head := head + a_events[i];
      IF known[i] THEN
        any_known := true;
      ELSIF a_kept[i] THEN
        any_new := true;
        IF a_layer[i] = 0 THEN
          numbers[i] := nextval({stream_numbers});
        ELSE
          -- That of the commit's first append to the stream.
          numbers[i] := (SELECT numbers[a.nth] FROM generate_series(a_low, i) AS a(nth)
            WHERE a_commit[a.nth] = a_commit[i] AND a_stream[a.nth] = a_stream[i] AND a_layer[a.nth] = 0);
        END IF;
      END IF;
    END LOOP;

    IF any_new THEN
      INSERT INTO {schema}.streams (number, stream, version)
        SELECT numbers[a.nth], a_stream[a.nth], a_final[a.nth]
        FROM generate_series(a_low, a_high) AS a(nth)
        WHERE a_layer[a.nth] = 0 AND firsts[a.nth] IS NOT NULL AND NOT known[a.nth] AND numbers[a.nth] IS NOT NULL;
    END IF;
    IF any_known THEN
      UPDATE {schema}.streams s SET version = a_final[a.nth]
        FROM generate_series(a_low, a_high) AS a(nth)
        WHERE a_layer[a.nth] = 0 AND firsts[a.nth] IS NOT NULL AND known[a.nth]
          AND a_final[a.nth] <> a_expected[a.nth] AND s.number = numbers[a.nth];
    END IF;

    INSERT INTO {schema}.events (position, stream, version, type, schema_version, data, meta, recorded_at)
      SELECT firsts[v_append[v.at]] + v_nth[v.at], numbers[v_append[v.at]], a_expected[v_append[v.at]] + v_nth[v.at] + 1,
        v_type[v.at], v_schema[v.at], v_data[v.at], v_meta[v.at], recorded
      FROM generate_series(v_low, v_high) AS v(at)
      WHERE firsts[v_append[v.at]] IS NOT NULL;

    places := {schema}.write_entries(a_low, a_high, layers, any_known, true, folds, a_layer, numbers, ARRAY[made_by], places,
      e_account, e_owner, e_kind, e_status, e_domain, e_canonical, e_incarnation, e_added, e_updated, e_metadata, e_body);

    -- Settled first: what a commit puts is put after the run that it settles, not during it.
    IF c_task IS NOT NULL THEN
      FOR i IN low..high LOOP
        IF c_task[i] IS NOT NULL AND outcomes[i] = 0 THEN
          PERFORM {schema}.end_run(given, c_task[i], c_fence[i], 'complete', NULL, NULL, NULL, NULL);
        END IF;
      END LOOP;
    END IF;
    IF t_high >= t_low THEN
      PERFORM {schema}.put_tasks(t_low, t_high, outcomes, t_commit, t_layer, t_kind, t_key, t_due, t_spacing, t_payload);
    END IF;

    INSERT INTO {schema}.receipts (account, command, fingerprint, result, at)
      SELECT c_account[c.nth], c_command[c.nth], c_fingerprint[c.nth], c_result[c.nth], now_is
      FROM generate_series(low, high) AS c(nth) WHERE outcomes[c.nth] = 0
      ON CONFLICT (account, command) DO UPDATE SET fingerprint = excluded.fingerprint, result = excluded.result, at = excluded.at;
    low := high + 1;
  END LOOP;

  IF forget > 0 THEN
    DELETE FROM {schema}.receipts r USING (
      SELECT o.account, o.command FROM {schema}.receipts o WHERE o.at <= now_is - ${receiptLifetime} ORDER BY o.at LIMIT forget
    ) o WHERE r.account = o.account AND r.command = o.command;
  END IF;
  IF 0 = ANY (outcomes) THEN
    PERFORM pg_notify('{channel}', '');
  END IF;
END
$function$;
`
