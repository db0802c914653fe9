/**
 * The first schema: what the rule of the mail budget needs to know. Frozen like the tables.
 *
 * The rule itself is the engine's (`allowance`), so a mail is looked at and taken in two steps, and no lock is held in
 * between: the second one (`take_mail`) does nothing when another mail came first.
 */
import { clock, planner } from "./function-settings.ts"

export const lookAtMails = `
-- What the rule needs to know. granted: this very mail was granted within the window.
CREATE FUNCTION {schema}.look_at_mails(
  given bigint, wanted text, to_hash text, by_account text, since bigint, lately bigint,
  OUT at bigint, OUT granted boolean, OUT to_address json, OUT of_account bigint, OUT oldest bigint,
  OUT newest_to_address bigint, OUT newest_of_account bigint
) LANGUAGE plpgsql STABLE ${planner} AS $function$
BEGIN
  at := ${clock("given")};
  SELECT count(*) > 0 INTO granted FROM {schema}.granted_mails m WHERE m.mail = wanted AND m.at > look_at_mails.at - since;
  SELECT coalesce(json_agg(json_build_object('account', m.account, 'at', m.at, 'first', m.first) ORDER BY m.at, m.number), '[]'),
      coalesce(max(m.number), 0)
    INTO to_address, newest_to_address
    FROM {schema}.granted_mails m WHERE m.address_hash = to_hash AND m.at > look_at_mails.at - since;
  SELECT count(*), min(m.at), coalesce(max(m.number), 0) INTO of_account, oldest, newest_of_account
    FROM {schema}.granted_mails m WHERE m.account = by_account AND m.at > look_at_mails.at - lately;
END
$function$;
`
