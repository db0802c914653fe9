/**
 * Who takes part, on SQLite and on PostgreSQL. Ours is the first.
 */
import type { Entrant } from "./Contest.ts"
import { competitorsFolder } from "./Install.ts"

/** The names that aims are about. */
export const names = {
  ours: "ours, event-only",
  emmettSqlite: "emmett-sqlite",
  emmettPostgres: "emmett-postgresql",
  castorePostgres: "castore-postgres"
} as const

const commits = "positions in the order of commits"

/** `missing`: why the competitors can not be measured, if they can not. */
const competitor = (store: string, program: string, ordering: string, missing: string | undefined): Entrant => ({
  store,
  program: new URL(program, competitorsFolder),
  ordering,
  ...(missing === undefined ? {} : { missing })
})

const oursOf = (program: URL): ReadonlyArray<Entrant> => [
  { store: names.ours, program, ordering: "" },
  { store: "ours, whole commits", program, args: ["--whole"], trials: ["create", "command"], ordering: "" }
]

export const sqliteEntrants = (missing: string | undefined): ReadonlyArray<Entrant> => [
  ...oursOf(new URL("./OurSqlite.ts", import.meta.url)),
  { store: "raw `node:sqlite`", program: new URL("./RawSqlite.ts", import.meta.url), ordering: commits },
  competitor(names.emmettSqlite, "emmett-sqlite.ts", commits, missing),
  {
    ...competitor("emmett-sqlite, another connection kept open", "emmett-sqlite.ts", commits, missing),
    args: ["--keep-open"],
    trials: ["create", "grow", "load", "command"]
  },
  competitor("act-sqlite", "act-sqlite.ts", commits, missing)
]

export const postgresEntrants = (missing: string | undefined): ReadonlyArray<Entrant> => [
  ...oursOf(new URL("./OurPostgres.ts", import.meta.url)),
  competitor("raw `pg`", "raw-postgres.ts", "none", missing),
  competitor(names.emmettPostgres, "emmett-postgresql.ts", "by transaction id", missing),
  competitor(names.castorePostgres, "castore-postgres.ts", "none", missing)
]
