/** The first schema: compares the kept counts with the rows of the directory. Frozen like the tables. */
import { planner } from "./function-settings.ts"

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

export const auditCounts = `
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
