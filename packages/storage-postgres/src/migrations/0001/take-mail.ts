/** The first schema: takes a mail out of the budget. Frozen like the tables. */
import { planner } from "./function-settings.ts"

export const takeMail = `
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
  THEN
    RETURN false;
  END IF;
  -- Those out of the window go, more at a time than one comes in, so the rest shrinks; and this one's own old row with
  -- them.
  DELETE FROM {schema}.granted_mails m WHERE m.mail = wanted;
  DELETE FROM {schema}.granted_mails m WHERE m.number IN (
    SELECT o.number FROM {schema}.granted_mails o WHERE o.at <= looked_at - since ORDER BY o.at LIMIT 8);
  INSERT INTO {schema}.granted_mails (mail, address_hash, account, at, first)
    VALUES (wanted, to_hash, by_account, looked_at, is_first);
  RETURN true;
END
$function$;
`
