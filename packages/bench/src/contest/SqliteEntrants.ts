/**
 * Who takes part on SQLite.
 */
import type { Entrant } from "./Contest.ts"
import { competitorsFolder } from "./Install.ts"

export const ours = "ours, event-only"
export const emmett = "emmett-sqlite"

/** `missing`: why the competitors can not be measured, if they can not. */
export const sqliteEntrants = (missing: string | undefined): ReadonlyArray<Entrant> => {
  const competitor = (store: string, program: string, ordering: string): Entrant => ({
    store,
    program: new URL(program, competitorsFolder),
    ordering,
    ...(missing === undefined ? {} : { missing })
  })
  return [
    { store: ours, program: new URL("./OurSqlite.ts", import.meta.url), ordering: "" },
    {
      store: "ours, whole commits",
      program: new URL("./OurSqliteWhole.ts", import.meta.url),
      trials: ["create", "command"],
      ordering: ""
    },
    { store: "raw `node:sqlite`", program: new URL("./RawSqlite.ts", import.meta.url), ordering: "" },
    competitor(emmett, "emmett-sqlite.ts", "positions in the order of commits"),
    {
      ...competitor(
        "emmett-sqlite, another connection kept open",
        "emmett-sqlite.ts",
        "positions in the order of commits"
      ),
      args: ["--keep-open"],
      trials: ["create", "grow", "load", "command"]
    },
    competitor("act-sqlite", "act-sqlite.ts", "positions in the order of commits")
  ]
}
