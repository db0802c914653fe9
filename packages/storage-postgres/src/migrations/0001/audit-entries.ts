/** The first schema: compares the side table of metadata with the rows of the directory. Frozen like the tables. */
import { planner } from "./function-settings.ts"

export const auditEntries = `
-- What is wrong with the side table of metadata, of the streams with these numbers: orphan, a row of no stream;
-- missing, a term that a sender has and is not found by; extra, one that finds what does not have it.
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
`
