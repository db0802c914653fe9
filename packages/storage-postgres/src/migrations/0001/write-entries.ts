/**
 * The first schema: writes rows of the directory and whatever follows from them, for a commit and for an operator's
 * correction alike. Frozen like the tables.
 */
export const writeEntries = `
-- Makes the entries of the appends from low to high the rows of their streams, or deletes the rows, layer by layer: the
-- second append of a commit to one stream finds what the first one wrote. An append is left out when it has no stream
-- in "numbers". "listed" says whether any of the streams may have a row. With "keeps" an entry of the same incarnation
-- stays at its position, otherwise it goes to its place. "views" has the version of the view that made each entry, or
-- one for all. Answers the places. Called by functions that fix the planner's choice.
CREATE FUNCTION {schema}.write_entries(
  low integer, high integer, layers integer, listed boolean, keeps boolean, folds boolean,
  layer integer[], numbers bigint[], views integer[], INOUT places bigint[],
  e_account text[], e_owner text[], e_kind text[], e_status text[], e_domain text[], e_canonical text[], e_incarnation integer[],
  e_added bigint[], e_updated bigint[], e_metadata text[], e_body text[]
) LANGUAGE plpgsql AS $function$
#variable_conflict use_column
DECLARE
  depth integer := 0;
  any_listed boolean;
  tagged constant boolean := coalesce('{}' <> ANY (e_metadata), false);
  hit record;
BEGIN
  WHILE depth <= layers LOOP
    any_listed := false;
    IF listed OR depth > 0 THEN
      FOR hit IN
        SELECT a.nth, s.position, s.incarnation
        FROM generate_series(low, high) AS a(nth)
        JOIN {schema}.senders s ON s.stream = numbers[a.nth]
        WHERE layer[a.nth] = depth
      LOOP
        any_listed := true;
        IF keeps AND e_account[hit.nth] IS NOT NULL AND e_incarnation[hit.nth] = hit.incarnation THEN
          places[hit.nth] := hit.position;
        END IF;
      END LOOP;
    END IF;

    IF any_listed OR e_account IS NOT NULL THEN
      WITH changed AS MATERIALIZED (
        SELECT d.account, o.owner, d.kind, d.status, sum(d.change) AS senders
        FROM (
          SELECT s.account, s.owner, s.kind, s.status, -1 AS change
          FROM generate_series(low, high) AS a(nth)
          JOIN {schema}.senders s ON s.stream = numbers[a.nth]
          WHERE any_listed AND layer[a.nth] = depth
          UNION ALL
          SELECT e_account[a.nth], e_owner[a.nth], e_kind[a.nth], e_status[a.nth], 1
          FROM generate_series(low, high) AS a(nth)
          WHERE e_account[a.nth] IS NOT NULL AND layer[a.nth] = depth AND numbers[a.nth] IS NOT NULL
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
        USING generate_series(low, high) AS a(nth)
        JOIN {schema}.senders s ON s.stream = numbers[a.nth]
        WHERE layer[a.nth] = depth AND m.stream = s.stream AND s.metadata <> '{}' AND (
          e_account[a.nth] IS DISTINCT FROM s.account OR e_metadata[a.nth] <> s.metadata OR s.position <> places[a.nth]);
    END IF;
    IF tagged THEN
      INSERT INTO {schema}.sender_metadata (account, key, value, position, stream)
        SELECT e_account[a.nth], j.key, CASE json_typeof(j.value) WHEN 'string' THEN j.value #>> '{}' ELSE j.value::text END,
          places[a.nth], numbers[a.nth]
        FROM generate_series(low, high) AS a(nth)
        LEFT JOIN {schema}.senders s ON s.stream = numbers[a.nth]
        CROSS JOIN LATERAL json_each(e_metadata[a.nth]::json) AS j
        WHERE layer[a.nth] = depth AND numbers[a.nth] IS NOT NULL AND e_account[a.nth] IS NOT NULL AND e_metadata[a.nth] <> '{}' AND (
          s.stream IS NULL OR e_account[a.nth] <> s.account OR e_metadata[a.nth] <> s.metadata OR s.position <> places[a.nth]);
    END IF;

    IF any_listed THEN
      DELETE FROM {schema}.senders s
        USING generate_series(low, high) AS a(nth)
        WHERE layer[a.nth] = depth AND e_account[a.nth] IS NULL AND s.stream = numbers[a.nth];
    END IF;
    IF e_account IS NOT NULL THEN
      INSERT INTO {schema}.senders (stream, account, owner, position, kind, status, domain, canonical, incarnation,
          added_at, updated_at, metadata, body, view_version)
        SELECT numbers[a.nth], e_account[a.nth], e_owner[a.nth], places[a.nth], e_kind[a.nth], e_status[a.nth], e_domain[a.nth],
          e_canonical[a.nth], e_incarnation[a.nth], e_added[a.nth], e_updated[a.nth], e_metadata[a.nth], e_body[a.nth],
          coalesce(views[a.nth], views[1])
        FROM generate_series(low, high) AS a(nth)
        WHERE layer[a.nth] = depth AND numbers[a.nth] IS NOT NULL AND e_account[a.nth] IS NOT NULL
        ON CONFLICT (stream) DO UPDATE SET account = excluded.account, owner = excluded.owner, position = excluded.position,
          kind = excluded.kind, status = excluded.status, domain = excluded.domain, canonical = excluded.canonical,
          incarnation = excluded.incarnation, added_at = excluded.added_at, updated_at = excluded.updated_at,
          metadata = excluded.metadata, body = excluded.body, view_version = excluded.view_version;
    END IF;
    depth := depth + 1;
  END LOOP;
END
$function$;
`
