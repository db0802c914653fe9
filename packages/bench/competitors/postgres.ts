/**
 * What a server says of itself, asked with the same driver for everyone.
 */
import pg from "pg"

export const askPostgres = async (url: string): Promise<{ readonly version: string; readonly durability: string }> => {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query(`
    SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS commit`)
  await client.end()
  return { version: rows[0].version, durability: `fsync=${rows[0].fsync}, synchronous_commit=${rows[0].commit}` }
}
