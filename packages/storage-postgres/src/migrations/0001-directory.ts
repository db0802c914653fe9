/**
 * The first schema: how entries of the directory are written, by a commit and by an operator's correction alike. Frozen like the tables.
 */
import { planner } from "./0001-tasks.ts"

/** The appends of the run, of one layer: the second append of a commit to one stream finds what the first one wrote. */
const ofLayer = "a_layer[a.nth] = depth AND firsts[a.nth] IS NOT NULL"

const keepPlace = `IF e_account[hit.nth] IS NOT NULL AND e_incarnation[hit.nth] = hit.incarnation THEN
            places[hit.nth] := hit.position;
          END IF;`

/**
 * Writes the entries of a run, and whatever follows from them. `view` is which version of core's `view` made an entry; with `keepsPlaces` an
 * entry of the same incarnation stays where it is, otherwise it goes where it is told.
 */
export const writeEntries = (view: string, keepsPlaces: boolean): string => `
    depth := 0;
    WHILE depth <= layers LOOP
      any_listed := false;
      IF any_known OR depth > 0 THEN
        FOR hit IN
          SELECT a.nth, s.position, s.incarnation
          FROM generate_series(a_low, a_high) AS a(nth)
          JOIN {schema}.senders s ON s.stream = numbers[a.nth]
          WHERE ${ofLayer}
        LOOP
          any_listed := true;
          ${keepsPlaces ? keepPlace : ""}
        END LOOP;
      END IF;

      IF any_listed OR e_account IS NOT NULL THEN
        WITH changed AS MATERIALIZED (
          SELECT d.account, o.owner, d.kind, d.status, sum(d.change) AS senders
          FROM (
            SELECT s.account, s.owner, s.kind, s.status, -1 AS change
            FROM generate_series(a_low, a_high) AS a(nth)
            JOIN {schema}.senders s ON s.stream = numbers[a.nth]
            WHERE any_listed AND ${ofLayer}
            UNION ALL
            SELECT e_account[a.nth], e_owner[a.nth], e_kind[a.nth], e_status[a.nth], 1
            FROM generate_series(a_low, a_high) AS a(nth)
            WHERE e_account[a.nth] IS NOT NULL AND ${ofLayer}
          ) d CROSS JOIN LATERAL (VALUES ('' COLLATE "C"), (d.owner)) AS o(owner)
          GROUP BY d.account, o.owner, d.kind, d.status HAVING sum(d.change) <> 0
        ), folded AS (
          DELETE FROM {schema}.sender_counts n USING changed c
          WHERE folds AND n.account = c.account AND n.owner = c.owner AND n.kind = c.kind AND n.status = c.status
          RETURNING n.account, n.owner, n.kind, n.status, n.senders
        )
        INSERT INTO {schema}.sender_counts (account, owner, kind, status, senders)
          SELECT n.account, n.owner, n.kind, n.status, sum(n.senders)
          FROM (SELECT * FROM changed UNION ALL SELECT * FROM folded) n
          GROUP BY n.account, n.owner, n.kind, n.status HAVING sum(n.senders) <> 0;
      END IF;

      IF any_listed THEN
        DELETE FROM {schema}.sender_metadata m
          USING generate_series(a_low, a_high) AS a(nth)
          JOIN {schema}.senders s ON s.stream = numbers[a.nth]
          WHERE ${ofLayer} AND m.stream = s.stream AND s.metadata <> '{}' AND (
            e_account[a.nth] IS DISTINCT FROM s.account OR e_metadata[a.nth] <> s.metadata OR s.position <> places[a.nth]);
      END IF;
      IF tagged THEN
        INSERT INTO {schema}.sender_metadata (account, key, value, position, stream)
          SELECT e_account[a.nth], j.key, CASE json_typeof(j.value) WHEN 'string' THEN j.value #>> '{}' ELSE j.value::text END,
            places[a.nth], numbers[a.nth]
          FROM generate_series(a_low, a_high) AS a(nth)
          LEFT JOIN {schema}.senders s ON s.stream = numbers[a.nth]
          CROSS JOIN LATERAL json_each(e_metadata[a.nth]::json) AS j
          WHERE ${ofLayer} AND e_account[a.nth] IS NOT NULL AND e_metadata[a.nth] <> '{}' AND (
            s.stream IS NULL OR e_account[a.nth] <> s.account OR e_metadata[a.nth] <> s.metadata OR s.position <> places[a.nth]);
      END IF;

      IF any_listed THEN
        DELETE FROM {schema}.senders s
          USING generate_series(a_low, a_high) AS a(nth)
          WHERE ${ofLayer} AND e_account[a.nth] IS NULL AND s.stream = numbers[a.nth];
      END IF;
      IF e_account IS NOT NULL THEN
        INSERT INTO {schema}.senders (stream, account, owner, position, kind, status, domain, canonical, incarnation,
            added_at, updated_at, metadata, body, view_version)
          SELECT numbers[a.nth], e_account[a.nth], e_owner[a.nth], places[a.nth], e_kind[a.nth], e_status[a.nth], e_domain[a.nth],
            e_canonical[a.nth], e_incarnation[a.nth], e_created[a.nth], e_updated[a.nth], e_metadata[a.nth], e_body[a.nth], ${view}
          FROM generate_series(a_low, a_high) AS a(nth)
          WHERE ${ofLayer} AND e_account[a.nth] IS NOT NULL
          ON CONFLICT (stream) DO UPDATE SET account = excluded.account, owner = excluded.owner, position = excluded.position,
            kind = excluded.kind, status = excluded.status, domain = excluded.domain, canonical = excluded.canonical,
            incarnation = excluded.incarnation, added_at = excluded.added_at, updated_at = excluded.updated_at,
            metadata = excluded.metadata, body = excluded.body, view_version = excluded.view_version;
      END IF;
      depth := depth + 1;
    END LOOP;
`

const countsOf = (account: string): string => `WITH counts AS (
      SELECT n.owner, n.kind, n.status, n.senders AS kept, 0::bigint AS counted FROM {schema}.sender_counts n WHERE n.account = ${account}
      UNION ALL
      SELECT o.owner, s.kind, s.status, 0, count(*) FROM {schema}.senders s
        CROSS JOIN LATERAL (VALUES ('' COLLATE "C"), (s.owner)) AS o(owner)
        WHERE s.account = ${account} GROUP BY o.owner, s.kind, s.status
    ), differences AS (
      SELECT c.owner, c.kind, c.status, sum(c.kept)::bigint AS kept, sum(c.counted)::bigint AS counted FROM counts c
        GROUP BY c.owner, c.kind, c.status HAVING sum(c.kept) <> sum(c.counted)
    )`

export const directoryFunctions = `
-- Makes entries the rows of their streams, position and all. Per entry: 0 written, 1 the stream has moved on, 2 the row is of a newer view.
CREATE FUNCTION {schema}.correct_entries(
  a_stream text[], a_version integer[], a_view integer[], tagged boolean,
  e_account text[], e_owner text[], e_kind text[], e_status text[], e_domain text[], e_canonical text[], e_incarnation integer[],
  e_created bigint[], e_updated bigint[], e_metadata text[], e_body text[], e_position bigint[],
  OUT outcomes integer[]
) LANGUAGE plpgsql ${planner} AS $function$
#variable_conflict use_column
DECLARE
  entries constant integer := coalesce(array_length(a_stream, 1), 0);
  a_low constant integer := 1;
  a_high constant integer := entries;
  layers constant integer := 0;
  any_known constant boolean := true;
  folds constant boolean := true;
  a_layer integer[] := array_fill(0, ARRAY[entries]);
  numbers bigint[] := array_fill(NULL::bigint, ARRAY[entries]);
  firsts bigint[] := array_fill(NULL::bigint, ARRAY[entries]);
  places bigint[] := coalesce(e_position, array_fill(NULL::bigint, ARRAY[entries]));
  depth integer;
  any_listed boolean;
  hit record;
BEGIN
  outcomes := array_fill(1, ARRAY[entries]);
  PERFORM set_config('lock_timeout', '{lock_timeout}', true);
  PERFORM pg_advisory_xact_lock({commit_lock});
  FOR hit IN
    SELECT a.nth, t.number, t.version = a.version AS fits, s.view_version > a.view AS newer
    FROM unnest(a_stream, a_version, a_view) WITH ORDINALITY AS a(stream, version, view, nth)
    JOIN {schema}.streams t ON t.stream = a.stream
    LEFT JOIN {schema}.senders s ON s.stream = t.number
  LOOP
    IF hit.fits THEN
      outcomes[hit.nth] := CASE WHEN hit.newer THEN 2 ELSE 0 END;
    END IF;
    IF outcomes[hit.nth] = 0 THEN
      numbers[hit.nth] := hit.number;
      firsts[hit.nth] := 1;
    END IF;
  END LOOP;
  ${writeEntries("a_view[a.nth]", false)}
END
$function$;

-- What is wrong with the side table of metadata, of the streams with these numbers: orphan, a row of no stream; missing, a term that a sender has
-- and is not found by; extra, one that finds what does not have it.
CREATE FUNCTION {schema}.audit_entries(after bigint, upto bigint, repair boolean)
RETURNS TABLE (number bigint, name text, fault text, key text) LANGUAGE plpgsql ${planner} AS $function$
#variable_conflict use_column
BEGIN
  IF repair THEN
    PERFORM set_config('lock_timeout', '{lock_timeout}', true);
    PERFORM pg_advisory_xact_lock({commit_lock});
  END IF;
  RETURN QUERY
    WITH listed AS (
      SELECT s.stream, s.account, s.position, s.metadata, t.stream AS name
      FROM {schema}.senders s LEFT JOIN {schema}.streams t ON t.number = s.stream WHERE s.stream > after AND s.stream <= upto
    ), should AS (
      SELECT s.stream, s.account, s.position, j.key,
        CASE json_typeof(j.value) WHEN 'string' THEN j.value #>> '{}' ELSE j.value::text END AS value
      FROM listed s CROSS JOIN LATERAL json_each(s.metadata::json) AS j WHERE s.metadata <> '{}' AND s.name IS NOT NULL
    ), present AS (
      SELECT m.stream, m.account, m.position, m.key, m.value FROM {schema}.sender_metadata m WHERE m.stream > after AND m.stream <= upto
    )
    SELECT s.stream, NULL::text, 'orphan', NULL::text FROM listed s WHERE s.name IS NULL
    UNION ALL
    SELECT d.stream, (SELECT s.name FROM listed s WHERE s.stream = d.stream), 'missing', d.key
      FROM (SELECT * FROM should EXCEPT ALL SELECT * FROM present) d
    UNION ALL
    SELECT d.stream, NULL::text, 'extra', d.key FROM (SELECT * FROM present EXCEPT ALL SELECT * FROM should) d;
  IF repair THEN
    DELETE FROM {schema}.senders s WHERE s.stream > after AND s.stream <= upto
      AND NOT EXISTS (SELECT FROM {schema}.streams t WHERE t.number = s.stream);
    DELETE FROM {schema}.sender_metadata m WHERE m.stream > after AND m.stream <= upto;
    INSERT INTO {schema}.sender_metadata (account, key, value, position, stream)
      SELECT s.account, j.key, CASE json_typeof(j.value) WHEN 'string' THEN j.value #>> '{}' ELSE j.value::text END, s.position, s.stream
      FROM {schema}.senders s CROSS JOIN LATERAL json_each(s.metadata::json) AS j
      WHERE s.stream > after AND s.stream <= upto AND s.metadata <> '{}';
  END IF;
END
$function$;

-- Where the kept counts of an account differ from its senders.
CREATE FUNCTION {schema}.audit_counts(of_account text, repair boolean)
RETURNS TABLE (owner text, kind text, status text, kept bigint, counted bigint) LANGUAGE plpgsql ${planner} AS $function$
#variable_conflict use_column
BEGIN
  IF repair THEN
    PERFORM set_config('lock_timeout', '{lock_timeout}', true);
    PERFORM pg_advisory_xact_lock({commit_lock});
  END IF;
  RETURN QUERY ${countsOf("of_account")}
    SELECT d.owner, d.kind, d.status, d.kept, d.counted FROM differences d ORDER BY d.owner, d.kind, d.status;
  IF repair THEN
    ${countsOf("of_account")}
    INSERT INTO {schema}.sender_counts (account, owner, kind, status, senders)
      SELECT of_account, d.owner, d.kind, d.status, d.counted - d.kept FROM differences d;
  END IF;
END
$function$;
`
