/**
 * The first schema: its tables. `{schema}` stands for the schema's name. Frozen: a test keeps the digest of this text.
 *
 * Texts compare by code point (`COLLATE "C"`, in a database that is UTF-8). Times are milliseconds since the epoch. No
 * table has a foreign key: the functions of this schema are the only writers, and a check costs each commit a lookup
 * per row.
 */
export const tables = `
CREATE TABLE {schema}.installation (
  one integer PRIMARY KEY CHECK (one = 1),
  id text NOT NULL,
  identity_key bytea NOT NULL
);

-- Random stream names are kept once and numbered: the number grows, so new streams are neighbours in every index but
-- this one.
CREATE SEQUENCE {schema}.stream_numbers;
CREATE TABLE {schema}.streams (
  number bigint PRIMARY KEY,
  stream text COLLATE "C" NOT NULL UNIQUE,
  version integer NOT NULL
) WITH (fillfactor = 90);

CREATE TABLE {schema}.events (
  position bigint PRIMARY KEY,
  stream bigint NOT NULL,
  version integer NOT NULL,
  type text COLLATE "C" NOT NULL,
  schema_version integer NOT NULL,
  data text COLLATE "C" NOT NULL,
  meta text COLLATE "C" NOT NULL,
  recorded_at bigint NOT NULL
);
-- Reading one stream. Unique as well: the last line of defence of the expected version.
CREATE UNIQUE INDEX events_of_stream ON {schema}.events (stream, version);

-- Once per statement, not per row: nothing may get as far as a row, and TRUNCATE has none.
CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  RAISE EXCEPTION '% are never changed or deleted', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END
$function$;
CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.events
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change('events');
CREATE TRIGGER installation_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.installation
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change('installations');

CREATE TABLE {schema}.receipts (
  account text COLLATE "C" NOT NULL,
  command text COLLATE "C" NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  result text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (account, command)
);
-- Forgetting the oldest. New receipts go to its right end, and those of one batch share an entry.
CREATE INDEX receipts_by_age ON {schema}.receipts (at);

-- One row per live sender. The owner is text of ownerKey in core.
CREATE TABLE {schema}.senders (
  stream bigint PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  domain text COLLATE "C" NOT NULL,
  canonical text COLLATE "C" NOT NULL,
  incarnation integer NOT NULL,
  added_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  metadata text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  -- Which version of core's view made the row: a rebuild knows what to write anew, and an older program what to leave
  -- alone.
  view_version integer NOT NULL
) WITH (fillfactor = 85);
-- The lists of an account, in the order of the log. The included columns let filters and offsets be answered from the
-- index alone; a row is ten times as wide. They cost an entry in each index when a status changes, which a sender does
-- a few times in its life.
CREATE INDEX senders_of_account ON {schema}.senders (account, position)
  INCLUDE (stream, kind, status, added_at, updated_at);
-- The same for one owner: an account's list does not help an owner with ten senders among 100,000. Also finds the
-- current sender.
CREATE INDEX senders_of_owner ON {schema}.senders (account, owner, position)
  INCLUDE (stream, kind, status, added_at, updated_at);
-- A verdict goes to all senders on a domain, page by page; the list by domain sorts within a domain only.
CREATE INDEX senders_on_domain ON {schema}.senders (account, domain, position);
-- Looking an address up among all owners of an account.
CREATE INDEX senders_by_address ON {schema}.senders (account, canonical, position);

-- Written for senders that have metadata. A table and not a GIN index: this one answers in the order of the log without
-- sorting all that match, and a sender without metadata costs nothing.
CREATE TABLE {schema}.sender_metadata (
  account text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  stream bigint NOT NULL
);
-- Keys and values may be longer than an index takes, so a digest stands for them; whoever asks compares the texts as
-- well.
CREATE INDEX sender_metadata_by_term ON {schema}.sender_metadata (account, md5(key || '=' || value), position);
-- Finds what to delete with a sender.
CREATE INDEX sender_metadata_of_stream ON {schema}.sender_metadata (stream);

-- Live senders by owner, kind and status: the sum of the rows of each; owner '' counts those of all owners. Counting
-- senders instead reads every entry of an account. A batch adds its change as a row of its own, and every so often one
-- makes one row of them: the row that an account's commits would update all the time grows a version with each while
-- any snapshot is held, and each commit would walk all of them.
CREATE TABLE {schema}.sender_counts (
  account text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  senders bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX sender_counts_of_owner ON {schema}.sender_counts (account, owner, kind, status);

-- state: 0 waiting, 1 running, 2 buried. A number is never used again: a stale claim must not fit another task.
CREATE TABLE {schema}.tasks (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  key text COLLATE "C",
  state smallint NOT NULL,
  due bigint NOT NULL,
  attempts integer NOT NULL,
  payload text COLLATE "C" NOT NULL,
  error text COLLATE "C",
  fence integer NOT NULL,
  leased_until bigint,
  last_run_at bigint,
  rerun_at bigint
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.05);
-- Claims, and when to look again: one walk per kind.
CREATE INDEX tasks_waiting ON {schema}.tasks (kind, due, number) WHERE state = 0;
-- Leases that ran out. As few entries as there are workers.
CREATE INDEX tasks_running ON {schema}.tasks (kind, leased_until) WHERE state = 1;
-- For operators: few among many.
CREATE INDEX tasks_buried ON {schema}.tasks (number) WHERE state = 2;
-- One live task per key. Most tasks have none and cost nothing here.
CREATE UNIQUE INDEX tasks_by_key ON {schema}.tasks (key) WHERE key IS NOT NULL;

CREATE TABLE {schema}.granted_mails (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  mail text COLLATE "C" NOT NULL UNIQUE,
  address_hash text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  first boolean NOT NULL
);
-- All three are used at every mail, which is rarer than a commit by far.
CREATE INDEX granted_mails_to_address ON {schema}.granted_mails (address_hash, at);
CREATE INDEX granted_mails_of_account ON {schema}.granted_mails (account, at);
CREATE INDEX granted_mails_by_age ON {schema}.granted_mails (at);

-- The number keeps the order of creation. Written by an operator: what an index costs here does not matter.
CREATE TABLE {schema}.accounts (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  email text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL
);

CREATE TABLE {schema}.organizations (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  account text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL
);
CREATE INDEX organizations_of_account ON {schema}.organizations (account);

CREATE TABLE {schema}.access_keys (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  account text COLLATE "C" NOT NULL,
  secret_hash bytea NOT NULL UNIQUE,
  created_at bigint NOT NULL,
  revoked_at bigint
);
CREATE INDEX access_keys_of_account ON {schema}.access_keys (account);
`
