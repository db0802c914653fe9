/**
 * What our adapter on SQLite says of itself, whether the commits are whole or not.
 */
import type { Profile } from "./Contestant.ts"

export const sqliteProfile: Profile = {
  versions: { node: process.version, sqlite: process.versions.sqlite ?? "unknown" },
  ordering: "contiguous positions in the order of commits",
  durability: "WAL, synchronous=FULL"
}
