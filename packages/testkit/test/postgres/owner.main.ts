/** A process that owns a cluster, says where it is, and does nothing more until it is ended. */
import { PostgresCluster } from "../../src/Postgres.ts"

const cluster = await PostgresCluster.make()
process.stdout.write(`${JSON.stringify({ ...cluster.address, folder: cluster.folder })}\n`)
if (process.argv[2] === "end") process.exit(0)
setInterval(() => undefined, 1_000)
