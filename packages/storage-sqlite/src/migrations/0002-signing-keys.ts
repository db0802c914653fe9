/**
 * The private signing keys, wrapped. Frozen like the first schema.
 */
export const signingKeys = `
CREATE TABLE signing_keys (
  key_id TEXT PRIMARY KEY,
  wrapped TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
