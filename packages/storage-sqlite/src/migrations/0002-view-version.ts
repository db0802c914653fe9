/**
 * Which version of `view` made a row of the directory, so that a rebuild knows what to write anew, and an older program what to leave alone. Frozen, as
 * every migration is. Rows written before were made by version 1, the only one there was.
 */
export const viewVersions = `
ALTER TABLE senders ADD COLUMN view_version INTEGER NOT NULL DEFAULT 1;
`
