/**
 * The whole store as lines of text: what `import` reads. Of one moment, read in pages, while servers commit.
 *
 * With the identity key only when asked: who has it can compute every customer's DNS tokens. With the private signing
 * keys only when asked: who has them and the secret can sign for every customer. Hashes of access keys, addresses and
 * metadata are in any export.
 */
import { createHash } from "node:crypto"
import { Effect, Stream } from "effect"
import type { StorageUnavailable } from "../ports/EventStore.ts"
import { Maintenance } from "../ports/Maintenance.ts"
import type { StoredRow } from "../ports/StoredRow.ts"
import { type Footer, header, rowLine } from "./ExportFormat.ts"

/** What of the secrets an export has. */
export interface ExportOptions {
  /** The identity key. */
  readonly withKey: boolean
  /** The private signing keys, wrapped. */
  readonly withSigningKeys: boolean
}

/** The lines of an export, each with its end, some at a time. */
export const exportLines = (options: ExportOptions): Stream.Stream<string, StorageUnavailable, Maintenance> =>
  Stream.unwrap(
    Effect.map(Maintenance, ({ snapshot }) => {
      const hash = createHash("sha256")
      let rows = 0
      const written = (text: string): string => {
        hash.update(text)
        return text
      }
      return Stream.make(written(`${JSON.stringify(header)}\n`)).pipe(
        Stream.concat(
          Stream.mapArray(snapshot, (page) => {
            const shown = page.flatMap((row) => exported(row, options))
            rows += shown.length
            return [written(shown.map((row) => `${rowLine(row)}\n`).join(""))]
          })
        ),
        Stream.concat(
          Stream.sync(() => {
            const footer: typeof Footer.Type = { rows, sha256: hash.digest("hex") }
            return `${JSON.stringify(footer)}\n`
          })
        )
      )
    })
  )

const exported = (row: StoredRow, { withKey, withSigningKeys }: ExportOptions): ReadonlyArray<StoredRow> => {
  if (row._tag === "SigningKey") return withSigningKeys ? [row] : []
  if (row._tag !== "Installation" || withKey) return [row]
  const { identityKey: _, ...rest } = row
  return [rest]
}
