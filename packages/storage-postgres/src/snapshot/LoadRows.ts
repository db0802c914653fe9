/**
 * Rows of a snapshot as rows of the tables, inside the transaction that loads them: one statement for what comes
 * together of one kind.
 */
import type { StorageUnavailable, StoredRow } from "@countersign/engine"
import { taskStates } from "@countersign/engine/storage"
import { PgTypes } from "@effect/sql-pg"
import { Effect, Result } from "effect"
import type { Statements } from "../connection/Database.ts"
import { booleans, indexable, integers, longs, texts } from "../connection/Parameters.ts"

type Tag = StoredRow["_tag"]
type Of<T extends Tag> = Extract<StoredRow, { readonly _tag: T }>

const bytes = (values: ReadonlyArray<Uint8Array>): PgTypes.Parameter =>
  Result.getOrThrow(PgTypes.array(values, PgTypes.OID.bytea))

export const makeLoadRows = (statements: Statements) => {
  const { write, names } = statements
  const { schema } = names

  /** Rows of one kind, column by column, in their order. */
  const insert = (table: string, columns: string, values: ReadonlyArray<PgTypes.Parameter>, overriding = "") => {
    const places = values.map((_, index) => `$${index + 1}`).join(", ")
    return write(
      `INSERT INTO ${schema}.${table} (${columns}) ${overriding}
        SELECT ${columns} FROM unnest(${places}) WITH ORDINALITY AS r(${columns}, nth) ORDER BY nth`,
      values
    )
  }

  const events = (rows: ReadonlyArray<Of<"Event">>) =>
    write(
      `WITH e AS MATERIALIZED (
          SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::bigint[])
            AS e(position, stream, version, type, schema_version, data, meta, recorded_at)
        ), s AS (
          INSERT INTO ${schema}.streams (number, stream, version)
            SELECT ${names.fill("nextval({stream_numbers})")}, f.stream, f.version
            FROM (SELECT stream, max(version) AS version FROM e GROUP BY stream ORDER BY min(position)) f
            ON CONFLICT (stream) DO UPDATE SET version = excluded.version RETURNING number, stream
        )
        INSERT INTO ${schema}.events (position, stream, version, type, schema_version, data, meta, recorded_at)
          SELECT e.position, s.number, e.version, e.type, e.schema_version, e.data, e.meta, e.recorded_at
          FROM e JOIN s ON s.stream = e.stream ORDER BY e.position`,
      [
        longs(rows.map(({ position }) => position)),
        texts(rows.map(({ stream }) => stream)),
        integers(rows.map(({ version }) => version)),
        texts(rows.map(({ type }) => type)),
        integers(rows.map(({ schemaVersion }) => schemaVersion)),
        texts(rows.map(({ data }) => data)),
        texts(rows.map(({ meta }) => meta)),
        longs(rows.map(({ recordedAt }) => recordedAt))
      ]
    )

  const tasks = (rows: ReadonlyArray<Of<"Task">>) =>
    insert(
      "tasks",
      "number, kind, key, state, due, attempts, payload, error, fence, leased_until, last_run_at, rerun_at",
      [
        longs(rows.map(({ number }) => number)),
        texts(rows.map(({ kind }) => kind)),
        texts(rows.map(({ key }) => key ?? null)),
        integers(rows.map(({ state }) => taskStates.indexOf(state))),
        longs(rows.map(({ due }) => due)),
        integers(rows.map(({ attempts }) => attempts)),
        texts(rows.map(({ payload }) => payload)),
        texts(rows.map(({ error }) => error ?? null)),
        integers(rows.map(({ fence }) => fence)),
        longs(rows.map(({ leasedUntil }) => leasedUntil ?? null)),
        longs(rows.map(({ lastRunAt }) => lastRunAt ?? null)),
        longs(rows.map(({ rerunAt }) => rerunAt ?? null))
      ],
      "OVERRIDING SYSTEM VALUE"
    )

  const installation = ([row]: ReadonlyArray<Of<"Installation">>) =>
    Effect.gen(function* () {
      // What was made with the empty store gives way, once: the transaction lifts its own trigger and puts it back.
      yield* write(`ALTER TABLE ${schema}.installation DISABLE TRIGGER installation_stays`)
      yield* write(`UPDATE ${schema}.installation SET id = $1, identity_key = coalesce($2, identity_key)`, [
        row?.id,
        PgTypes.bytea(row?.identityKey === undefined ? null : Buffer.from(row.identityKey, "base64url"))
      ])
      yield* write(`ALTER TABLE ${schema}.installation ENABLE TRIGGER installation_stays`)
    })

  const puts: { readonly [T in Tag]: (rows: ReadonlyArray<Of<T>>) => Effect.Effect<unknown, StorageUnavailable> } = {
    Installation: installation,
    Account: (rows) =>
      insert("accounts", "id, email, name", [
        texts(rows.map(({ id }) => id)),
        texts(rows.map(({ email }) => email)),
        texts(rows.map(({ name }) => name))
      ]),
    Organization: (rows) =>
      insert("organizations", "id, account, name", [
        texts(rows.map(({ id }) => id)),
        texts(rows.map(({ account }) => account)),
        texts(rows.map(({ name }) => name))
      ]),
    AccessKey: (rows) =>
      insert("access_keys", "id, account, secret_hash, created_at, revoked_at", [
        texts(rows.map(({ id }) => id)),
        texts(rows.map(({ account }) => account)),
        bytes(rows.map(({ secretHash }) => Buffer.from(secretHash, "hex"))),
        longs(rows.map(({ createdAt }) => createdAt)),
        longs(rows.map(({ revokedAt }) => revokedAt ?? null))
      ]),
    Event: events,
    Task: tasks,
    Receipt: (rows) =>
      insert("receipts", "account, command, fingerprint, result, at", [
        texts(rows.map(({ account }) => account)),
        texts(rows.map(({ command }) => indexable(command))),
        texts(rows.map(({ fingerprint }) => fingerprint)),
        texts(rows.map(({ result }) => result)),
        longs(rows.map(({ at }) => at))
      ]),
    GrantedMail: (rows) =>
      insert("granted_mails", "mail, address_hash, account, at, first", [
        texts(rows.map(({ mail }) => mail)),
        texts(rows.map(({ addressHash }) => addressHash)),
        texts(rows.map(({ account }) => account)),
        longs(rows.map(({ at }) => at)),
        booleans(rows.map(({ first }) => first))
      ]),
    SigningKey: (rows) =>
      insert("signing_keys", "key_id, wrapped", [
        texts(rows.map(({ keyId }) => keyId)),
        texts(rows.map(({ wrapped }) => wrapped))
      ])
  }

  const put = <T extends Tag>(tag: T, rows: ReadonlyArray<StoredRow>) =>
    puts[tag](rows.filter((row): row is Of<T> => row._tag === tag))

  return (rows: ReadonlyArray<StoredRow>): Effect.Effect<void, StorageUnavailable> =>
    Effect.forEach([...new Set(rows.map(({ _tag }) => _tag))], (tag) => put(tag, rows), { discard: true })
}
