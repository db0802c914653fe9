/**
 * The first schema. Frozen: a test keeps the digest of this text, and a change of the schema is a new migration.
 *
 * Texts compare as SQLite's BINARY, which on UTF-8 is the order of code points. Times are milliseconds since the epoch.
 * Random texts (sender ids, account ids, owners) are kept once and numbered, because every index that repeats them
 * costs a page that is not in the cache.
 */
export const initial = `
CREATE TABLE installation (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  identity_key BLOB NOT NULL
) STRICT;

CREATE TABLE streams (
  number INTEGER PRIMARY KEY,
  stream TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  data TEXT NOT NULL,
  meta TEXT NOT NULL,
  recorded_at INTEGER NOT NULL
) STRICT;
-- Reading one stream. Unique as well: the last line of defence of the expected version.
CREATE UNIQUE INDEX events_of_stream ON events (stream, version);

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER installation_is_never_changed BEFORE UPDATE ON installation
BEGIN SELECT RAISE(ABORT, 'the installation is never changed'); END;
CREATE TRIGGER installation_is_never_deleted BEFORE DELETE ON installation
BEGIN SELECT RAISE(ABORT, 'the installation is never deleted'); END;

CREATE TABLE account_numbers (
  number INTEGER PRIMARY KEY,
  account TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE owner_numbers (
  number INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  owner_key TEXT NOT NULL,
  UNIQUE (account, owner_key)
) STRICT;

-- The rowid is the order of age, so that forgetting old receipts needs no index of its own.
CREATE TABLE receipts (
  number INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  command TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  result TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
-- Every commit looks here first. Command ids of the engine grow with time: neighbours share a page.
CREATE UNIQUE INDEX receipts_of_command ON receipts (account, command);

CREATE TABLE senders (
  stream INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  domain TEXT NOT NULL,
  canonical TEXT NOT NULL,
  incarnation INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  metadata TEXT NOT NULL,
  body TEXT NOT NULL,
  -- Of "view", which made the row: a rebuild writes older ones anew, and an older program leaves newer ones alone.
  view_version INTEGER NOT NULL
) STRICT;
-- The lists of an account, in the order of the log. The columns after the position let filters and offsets be answered
-- from the index alone; a row is ten times as wide, and a list would read them all. They change seldom: kind, creation
-- and owner never.
CREATE INDEX senders_of_account ON senders (account, position, kind, status, added_at, updated_at, owner);
-- The same for one owner: an account's list does not help an owner with ten senders among 100,000. Also finds the
-- current sender.
CREATE INDEX senders_of_owner ON senders (owner, position, kind, status, added_at, updated_at);
-- A verdict goes to all senders on a domain, page by page. With the canonical address, the list by domain needs no rows
-- to sort within a domain; with the columns of the other lists, none to filter. For that a change of status writes 11
-- pages instead of 10: the rows of 200,000 senders, which lie apart from one another, would be as many pages to read.
CREATE INDEX senders_on_domain ON senders (account, domain, position, canonical, kind, status, added_at, updated_at, owner);
-- Looking an address up among all owners of an account. Never changes either.
CREATE INDEX senders_by_address ON senders (account, canonical, position);

-- Written for senders that have metadata. The position gives a page its order without sorting.
CREATE TABLE sender_metadata (
  account INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  position INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  PRIMARY KEY (account, key, value, position, stream)
) STRICT, WITHOUT ROWID;

-- Live senders by owner, kind and status; owner 0 counts those of all owners. Counting rows instead takes 10 ms for
-- 100,000.
CREATE TABLE sender_counts (
  account INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  senders INTEGER NOT NULL,
  PRIMARY KEY (account, owner, kind, status)
) STRICT, WITHOUT ROWID;

-- state: 0 waiting, 1 running, 2 buried.
CREATE TABLE tasks (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT,
  state INTEGER NOT NULL,
  due INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  payload TEXT NOT NULL,
  error TEXT,
  fence INTEGER NOT NULL,
  leased_until INTEGER,
  last_run_at INTEGER,
  rerun_at INTEGER
) STRICT;
-- Claims, and when to look again. Running and buried tasks are few, and found by the first column.
CREATE INDEX tasks_by_due ON tasks (state, kind, due);
-- One live task per key. Most tasks have none and cost nothing here.
CREATE UNIQUE INDEX tasks_by_key ON tasks (key) WHERE key IS NOT NULL;

-- Numbers of tasks are never used again: a stale claim must not fit another task. One row, written once per
-- transaction.
CREATE TABLE task_numbers (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  last INTEGER NOT NULL
) STRICT;
INSERT INTO task_numbers (one, last) VALUES (1, 0);

-- The rowid is the order of age, as in receipts.
CREATE TABLE granted_mails (
  number INTEGER PRIMARY KEY,
  mail TEXT NOT NULL UNIQUE,
  address_hash TEXT NOT NULL,
  account TEXT NOT NULL,
  at INTEGER NOT NULL,
  first INTEGER NOT NULL
) STRICT;
-- Both are counted at every mail, which is rarer than a commit by far.
CREATE INDEX granted_mails_to_address ON granted_mails (address_hash, at);
CREATE INDEX granted_mails_of_account ON granted_mails (account, at);

-- The rowid keeps the order of creation. Written by an operator: what an index costs here does not matter.
CREATE TABLE accounts (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  name TEXT NOT NULL
) STRICT;

CREATE TABLE organizations (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  name TEXT NOT NULL
) STRICT;
CREATE INDEX organizations_of_account ON organizations (account);

CREATE TABLE access_keys (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  secret_hash BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE INDEX access_keys_of_account ON access_keys (account);
`
