/**
 * The first schema: the functions of the mail budget. Frozen like the tables.
 *
 * The rule itself is the engine's (`allowance`), so a mail is looked at and taken in two steps, and no lock is held in between:
 * the second one does nothing when another mail came first.
 */
import { clock, planner } from "./0001-tasks.ts"

export const mailFunctions = `
-- What the rule needs to know. granted: this very mail was granted within the window.
CREATE FUNCTION {schema}.look_at_mails(
  given bigint, wanted text, to_hash text, by_account text, since bigint, lately bigint,
  OUT at bigint, OUT silent_until bigint, OUT granted boolean, OUT to_address json, OUT of_account bigint, OUT oldest bigint,
  OUT newest_to_address bigint, OUT newest_of_account bigint
) LANGUAGE plpgsql STABLE ${planner} AS $function$
BEGIN
  at := ${clock("given")};
  SELECT s.until INTO silent_until FROM {schema}.silences s WHERE s.address_hash = to_hash AND s.account = by_account AND s.until > look_at_mails.at;
  SELECT count(*) > 0 INTO granted FROM {schema}.granted_mails m WHERE m.mail = wanted AND m.at > look_at_mails.at - since;
  SELECT coalesce(json_agg(json_build_object('account', m.account, 'at', m.at, 'first', m.first) ORDER BY m.at, m.number), '[]'),
      coalesce(max(m.number), 0)
    INTO to_address, newest_to_address
    FROM {schema}.granted_mails m WHERE m.address_hash = to_hash AND m.at > look_at_mails.at - since;
  SELECT count(*), min(m.at), coalesce(max(m.number), 0) INTO of_account, oldest, newest_of_account
    FROM {schema}.granted_mails m WHERE m.account = by_account AND m.at > look_at_mails.at - lately;
END
$function$;

-- Takes the mail, unless another came since it was looked at: then false.
CREATE FUNCTION {schema}.take_mail(
  looked_at bigint, wanted text, to_hash text, by_account text, since bigint, lately bigint, is_first boolean,
  seen_to_address bigint, seen_of_account bigint
) RETURNS boolean LANGUAGE plpgsql ${planner} AS $function$
BEGIN
  PERFORM set_config('lock_timeout', '{lock_timeout}', true);
  PERFORM pg_advisory_xact_lock({mail_lock});
  IF EXISTS (SELECT FROM {schema}.granted_mails m WHERE m.address_hash = to_hash AND m.at > looked_at - since AND m.number > seen_to_address)
    OR EXISTS (SELECT FROM {schema}.granted_mails m WHERE m.account = by_account AND m.at > looked_at - lately AND m.number > seen_of_account)
    OR EXISTS (SELECT FROM {schema}.silences s WHERE s.address_hash = to_hash AND s.account = by_account AND s.until > looked_at)
  THEN
    RETURN false;
  END IF;
  -- Those out of the window go, more at a time than one comes in, so the rest shrinks; and this one's own old row with them.
  DELETE FROM {schema}.granted_mails m WHERE m.mail = wanted;
  DELETE FROM {schema}.granted_mails m WHERE m.number IN (
    SELECT o.number FROM {schema}.granted_mails o WHERE o.at <= looked_at - since ORDER BY o.at LIMIT 8);
  INSERT INTO {schema}.granted_mails (mail, address_hash, account, at, first)
    VALUES (wanted, to_hash, by_account, looked_at, is_first);
  RETURN true;
END
$function$;
`
