/**
 * The first schema: the function that commits a batch. Frozen like the tables.
 *
 * A batch comes as arrays, cut into runs of commits that do not touch each other (`CommitRuns.ts`). A run is decided and written by a fixed number
 * of statements, whatever its length; the next one sees what it wrote. So the commits of a batch are taken in order, and a batch of
 * strangers, which nearly all are, costs as many statements as a single commit.
 */
import { writeEntries } from "./0001-directory.ts"
import { clock, planner } from "./0001-tasks.ts"

/** A receipt answers for so long, in milliseconds; after that its command id is free again. */
const receiptLifetime = 24 * 60 * 60 * 1_000

export const commitFunction = `
-- outcomes, per commit: 0 committed, 1 duplicate, 2 command id reused, 3 lease lost, 4 conflict. texts, per commit: the first result of a
-- duplicate, or the JSON of a conflict's newer events; conflicts: which append. places, per append: the position of its entry.
CREATE FUNCTION {schema}.commit_batch(
  given bigint, forget integer, made_by integer, layers integer, tagged boolean,
  -- Per commit: where the run ends that it is in, and the claim that it settles.
  c_until integer[], c_account text[], c_command text[], c_fingerprint text[], c_result text[], c_task bigint[], c_fence integer[],
  -- Per append: how many events of its commit come before it on its stream; the version after all of them; the first append of the commit
  -- on the stream, and how many before this one; whether the stream is kept.
  a_commit integer[], a_stream text[], a_expected integer[], a_before integer[], a_events integer[], a_final integer[],
  a_same integer[], a_layer integer[], a_kept boolean[],
  -- Per append: its entry, or NULL.
  e_account text[], e_owner text[], e_kind text[], e_status text[], e_domain text[], e_canonical text[], e_incarnation integer[],
  e_created bigint[], e_updated bigint[], e_metadata text[], e_body text[],
  -- Per event: its append, and its place in it from 0.
  v_append integer[], v_nth integer[], v_type text[], v_schema integer[], v_data text[], v_meta text[],
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
  depth integer;
  hit record;
  -- Per append: its stream, the position of its first event (NULL when it is not written), and whether the stream was there before.
  numbers bigint[] := array_fill(NULL::bigint, ARRAY[appends]);
  firsts bigint[] := array_fill(NULL::bigint, ARRAY[appends]);
  known boolean[] := array_fill(false, ARRAY[appends]);
  any_known boolean;
  any_new boolean;
  any_listed boolean;
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

    -- 1. Receipts, before everything else: the first answer holds although the versions, and the lease, have moved on since.
    FOR hit IN
      SELECT c.nth, r.fingerprint = c.fingerprint AS same, r.result
      FROM unnest(c_account, c_command, c_fingerprint) WITH ORDINALITY AS c(account, command, fingerprint, nth)
      JOIN {schema}.receipts r ON r.account = c.account AND r.command = c.command
      WHERE c.nth BETWEEN low AND high AND r.at > now_is - ${receiptLifetime}
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
          SELECT FROM unnest(t_commit, t_key) AS p(commit, key) WHERE p.commit BETWEEN low AND i - 1 AND p.key = hit.key
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

    -- 3. Versions.
    FOR hit IN
      SELECT a.nth, a.commit, s.number, coalesce(s.version, 0) + a.before <> a.expected AS wrong
      FROM unnest(a_commit, a_stream, a_expected, a_before) WITH ORDINALITY AS a(commit, stream, expected, before, nth)
      LEFT JOIN {schema}.streams s ON s.stream = a.stream
      WHERE a.commit BETWEEN low AND high ORDER BY a.nth
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
    FOR i IN 1..appends LOOP
      CONTINUE WHEN a_commit[i] < low;
      EXIT WHEN a_commit[i] > high;
      CONTINUE WHEN outcomes[a_commit[i]] <> 0;
      firsts[i] := head + 1;
      IF e_account[i] IS NOT NULL THEN
        places[i] := firsts[i];
      END IF;
      head := head + a_events[i];
      IF known[i] THEN
        any_known := true;
      ELSIF a_kept[i] THEN
        any_new := true;
        numbers[i] := CASE WHEN a_layer[i] = 0 THEN nextval({stream_numbers}) ELSE numbers[a_same[i]] END;
      END IF;
    END LOOP;

    IF any_new THEN
      INSERT INTO {schema}.streams (number, stream, version)
        SELECT numbers[a.nth], a.stream, a.final
        FROM unnest(a_commit, a_stream, a_final, a_layer) WITH ORDINALITY AS a(commit, stream, final, layer, nth)
        WHERE a.commit BETWEEN low AND high AND a.layer = 0 AND firsts[a.nth] IS NOT NULL AND NOT known[a.nth] AND numbers[a.nth] IS NOT NULL;
    END IF;
    IF any_known THEN
      UPDATE {schema}.streams s SET version = a.final
        FROM unnest(a_commit, a_expected, a_final, a_layer) WITH ORDINALITY AS a(commit, expected, final, layer, nth)
        WHERE a.commit BETWEEN low AND high AND a.layer = 0 AND firsts[a.nth] IS NOT NULL AND known[a.nth]
          AND a.final <> a.expected AND s.number = numbers[a.nth];
    END IF;

    INSERT INTO {schema}.events (position, stream, version, type, schema_version, data, meta, recorded_at)
      SELECT firsts[v.append] + v.nth, numbers[v.append], a_expected[v.append] + v.nth + 1, v.type, v.schema, v.data, v.meta, recorded
      FROM unnest(v_append, v_nth, v_type, v_schema, v_data, v_meta) AS v(append, nth, type, schema, data, meta)
      WHERE a_commit[v.append] BETWEEN low AND high AND firsts[v.append] IS NOT NULL;

${writeEntries("made_by", true)}
    -- Settled first: what a commit puts is put after the run that it settles, not during it.
    IF c_task IS NOT NULL THEN
      FOR i IN low..high LOOP
        IF c_task[i] IS NOT NULL AND outcomes[i] = 0 THEN
          PERFORM {schema}.end_run(given, c_task[i], c_fence[i], 'complete', NULL, NULL, NULL, NULL);
        END IF;
      END LOOP;
    END IF;
    PERFORM {schema}.put_tasks(array_agg(t.layer ORDER BY t.nth), array_agg(t.kind ORDER BY t.nth), array_agg(t.key ORDER BY t.nth),
        array_agg(t.due ORDER BY t.nth), array_agg(t.spacing ORDER BY t.nth), array_agg(t.payload ORDER BY t.nth))
      FROM unnest(t_commit, t_layer, t_kind, t_key, t_due, t_spacing, t_payload) WITH ORDINALITY
        AS t(commit, layer, kind, key, due, spacing, payload, nth)
      WHERE t.commit BETWEEN low AND high AND outcomes[t.commit] = 0 HAVING count(*) > 0;

    INSERT INTO {schema}.receipts (account, command, fingerprint, result, at)
      SELECT c.account, c.command, c.fingerprint, c.result, now_is
      FROM unnest(c_account, c_command, c_fingerprint, c_result) WITH ORDINALITY AS c(account, command, fingerprint, result, nth)
      WHERE c.nth BETWEEN low AND high AND outcomes[c.nth] = 0
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
