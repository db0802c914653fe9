/** The first schema: an operator's correction of the directory. Frozen like the tables. */
import { planner } from "./function-settings.ts"

export const correctEntries = `
-- Makes entries the rows of their streams, position and all. Per entry: 0 written, 1 the stream has moved on, 2 the row
-- is of a newer view.
CREATE FUNCTION {schema}.correct_entries(
  streams text[], versions integer[], views integer[],
  e_account text[], e_owner text[], e_kind text[], e_status text[], e_domain text[], e_canonical text[], e_incarnation integer[],
  e_added bigint[], e_updated bigint[], e_metadata text[], e_body text[], e_position bigint[],
  OUT outcomes integer[]
) LANGUAGE plpgsql ${planner} AS $function$
DECLARE
  entries constant integer := coalesce(array_length(streams, 1), 0);
  numbers bigint[] := array_fill(NULL::bigint, ARRAY[entries]);
  hit record;
BEGIN
  outcomes := array_fill(1, ARRAY[entries]);
  PERFORM set_config('lock_timeout', '{lock_timeout}', true);
  PERFORM pg_advisory_xact_lock({commit_lock});
  FOR hit IN
    SELECT a.nth, t.number, t.version = a.version AS fits, coalesce(s.view_version > a.view, false) AS newer
    FROM unnest(streams, versions, views) WITH ORDINALITY AS a(stream, version, view, nth)
    JOIN {schema}.streams t ON t.stream = a.stream
    LEFT JOIN {schema}.senders s ON s.stream = t.number
  LOOP
    CONTINUE WHEN NOT hit.fits;
    outcomes[hit.nth] := CASE WHEN hit.newer THEN 2 ELSE 0 END;
    IF NOT hit.newer THEN
      numbers[hit.nth] := hit.number;
    END IF;
  END LOOP;
  PERFORM {schema}.write_entries(1, entries, 0, true, false, true, array_fill(0, ARRAY[entries]), numbers, views, e_position,
    e_account, e_owner, e_kind, e_status, e_domain, e_canonical, e_incarnation, e_added, e_updated, e_metadata, e_body);
END
$function$;
`
