import { chmodSync, chownSync, copyFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { PostgresCluster } from "@countersign/testkit/postgres"
import { Cause, Effect, Exit, Layer, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { PostgresStorage } from "../src/index.ts"

/**
 * An authority of the tests, and a certificate of it for 127.0.0.1. Both are good for a hundred years, and trusted by
 * nobody.
 */
const certificate = (name: string): string => fileURLToPath(new URL(`certificates/${name}`, import.meta.url))
const authority = certificate("authority.pem")

let cluster: PostgresCluster
let url: string

beforeAll(async () => {
  cluster = await PostgresCluster.make()
  const owner = statSync(join(cluster.folder, "data"))
  for (const [from, to] of [
    ["server.pem", "server.crt"],
    ["server.key", "server.key"]
  ] as const) {
    const file = join(cluster.folder, "data", to)
    copyFileSync(certificate(from), file)
    // The server reads a key only when it is its own and nobody else's.
    chmodSync(file, 0o600)
    chownSync(file, owner.uid, owner.gid)
  }
  await cluster.execute("ALTER SYSTEM SET ssl = on")
  await cluster.stop()
  await cluster.start()
  url = await cluster.createDatabase("encrypted")
}, 60_000)

afterAll(() => cluster.close())

/** How many of the storage's connections there are, encrypted and not; or why there are none. */
const connections = async (parameters: string, host = "127.0.0.1"): Promise<string> => {
  const address = new URL(url)
  address.hostname = host
  const layer = PostgresStorage.layer({ url: Redacted.make(`${address.href}?${parameters}`), patience: 2_000 })
  const look = Effect.promise(() =>
    cluster.execute(`SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
      WHERE a.datname = 'encrypted' AND a.application_name = 'countersign'`)
  )
  const exit = await Effect.runPromiseExit(Effect.scoped(Effect.andThen(Layer.build(Layer.fresh(layer)), look)))
  if (Exit.isSuccess(exit)) return exit.value.flat().join() === "t" ? "encrypted" : "plain"
  const error = Cause.squash(exit.cause)
  return error instanceof Error ? error.message : String(error)
}

const refused = /^the storage is not available: the database's certificate is not accepted \([A-Z_]+\)$/

describe("sslmode of a server with a certificate for its address", () => {
  it("none and disable: nothing is encrypted", async () => {
    expect(await connections("")).toBe("plain")
    expect(await connections("sslmode=disable")).toBe("plain")
  })

  it("require: encrypted, whoever answers; but with an authority, by one whom it vouches for", async () => {
    expect(await connections("sslmode=require")).toBe("encrypted")
    expect(await connections(`sslmode=require&sslrootcert=${authority}`, "localhost")).toBe("encrypted")
    expect(await connections(`sslmode=require&sslrootcert=${certificate("server.pem")}`)).toMatch(refused)
  })

  it("verify-ca: of the authority, whatever the name", async () => {
    expect(await connections(`sslmode=verify-ca&sslrootcert=${authority}`, "localhost")).toBe("encrypted")
    expect(await connections("sslmode=verify-ca")).toMatch(refused)
  })

  it("verify-full: of the authority, and for this name", async () => {
    expect(await connections(`sslmode=verify-full&sslrootcert=${authority}`)).toBe("encrypted")
    expect(await connections(`sslmode=verify-full&sslrootcert=${authority}`, "localhost")).toMatch(refused)
    expect(await connections("sslmode=verify-full")).toMatch(refused)
  })

  it("an authority that cannot be read is told at the start", async () => {
    expect(await connections("sslmode=verify-full&sslrootcert=/nowhere.pem")).toMatch(
      /^the storage is not available: a certificate file of the database's address cannot be read \(ENOENT\)$/
    )
  })
})
