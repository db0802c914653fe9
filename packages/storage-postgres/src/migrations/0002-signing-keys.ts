/**
 * The private signing keys, wrapped, and the function that changes them for a batch of commits. Frozen like the first
 * schema.
 */
import { planner } from "./0001/function-settings.ts"

export const signingKeys = `
CREATE TABLE {schema}.signing_keys (
  key_id text COLLATE "C" PRIMARY KEY,
  wrapped text COLLATE "C" NOT NULL
);

-- Called with what "commit_batch" answered, in its statement and so under its lock: only what was committed changes a
-- key. A function, because each of its statements sees what others committed before the lock was given, and the
-- statement around it does not. Per change: its commit, the key, and what to put, or NULL to drop it.
CREATE FUNCTION {schema}.change_signing_keys(
  outcomes integer[], k_commit integer[], k_id text[], k_wrapped text[]
) RETURNS void LANGUAGE plpgsql ${planner} AS $function$
BEGIN
  FOR i IN 1..coalesce(array_length(k_commit, 1), 0) LOOP
    CONTINUE WHEN outcomes[k_commit[i]] <> 0;
    IF k_wrapped[i] IS NULL THEN
      DELETE FROM {schema}.signing_keys s WHERE s.key_id = k_id[i];
    ELSE
      INSERT INTO {schema}.signing_keys (key_id, wrapped) VALUES (k_id[i], k_wrapped[i])
        ON CONFLICT (key_id) DO UPDATE SET wrapped = excluded.wrapped;
    END IF;
  END LOOP;
END
$function$;
`
